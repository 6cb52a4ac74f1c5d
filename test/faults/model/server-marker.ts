/** Words that everything of the hostile server is full of: none may ever leave the service. */
export const serverMarker = 'SERVER-PRIVATE-WORDS';
