/** Raise it with every change of what `analyzeText` returns for some text; a golden test guards that. */
export const analyzerVersion = 1;
