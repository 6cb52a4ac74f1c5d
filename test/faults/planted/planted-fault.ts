/** A small, realistic fault, and the tests that must notice it. */
export interface PlantedFault {
  /** The file, from the project's root. */
  readonly file: string;
  /** The text to replace. It stands exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  /** What the fault is, in a few words. */
  readonly why: string;
  /** The test files of which at least one must turn red. */
  readonly tests: readonly string[];
}

/** How often a text stands in another. */
export function occurrences(text: string, part: string): number {
  return text.split(part).length - 1;
}
