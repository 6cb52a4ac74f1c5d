/** A file that a client may send as the part `file` of a form, beside the fields of the body. */
export interface DeclaredUpload {
  /** The most bytes of the file. */
  readonly maxBytes: number;
  /** What the file is, for the document. */
  readonly description: string;
  /** Fields of the body in whose place the file stands. A form with one of them is refused. */
  readonly replaces: readonly string[];
}

/** A file as it was sent. Its name and its type are what the client says of it. */
export interface Upload {
  readonly bytes: Uint8Array;
  /** The last part of its path, at most 200 characters; null without one. */
  readonly fileName: string | null;
  /** Its media type, without parameters. */
  readonly contentType: string;
}

/** The most characters of a file's name. */
const maxNameCharacters = 200;

/**
 * The name of a file without its folders, control characters and what turns the direction of a text around; null where nothing
 * of it is left. Nothing is ever stored below this name: it is shown, and names a document.
 */
export function fileNameOf(given: string): string | null {
  const base = given.normalize('NFC').split(/[/\\]/).at(-1) ?? '';
  const characters = [...base.replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\ufeff\ufffd]/gu, '').trim()];
  // Cut between characters, and counted in the units in which texts are counted everywhere.
  let name = '';
  for (const character of characters) {
    if (name.length + character.length > maxNameCharacters) break;
    name += character;
  }
  return /^\.*$/.test(name) ? null : name;
}
