import { readDocument } from './read-document.ts';

/** What a process does. The libraries of a kind of document are loaded with it. */
export default readDocument;
