/** What a reader has put right or left out of a document, by codes of ours. */
export const documentNotes = [
  'undecodable_bytes_replaced',
  'scripts_removed',
  'images_left_out',
  'hidden_text_left_out',
] as const;
export type DocumentNote = (typeof documentNotes)[number];

/** A document as it came. */
export interface DocumentSource {
  readonly bytes: Uint8Array;
  /** What its sender says that it is, which decides nothing that the bytes can tell. */
  readonly contentType: string | null;
  /** The address or the name of the file, for relative links and the title. */
  readonly name: string | null;
}

/** A document in Markdown. */
export interface ReadDocument {
  readonly title: string | null;
  readonly markdown: string;
  readonly notes: readonly DocumentNote[];
}

/** A part of a document: the range of its Markdown, in UTF-16 code units, and the headings that it stands under. */
export interface DocumentPart {
  readonly path: readonly string[];
  readonly start: number;
  readonly end: number;
}

/** `busy`: no process was free; the document is read later. */
export type Read =
  | { readonly kind: 'read'; readonly document: ReadDocument; readonly parts: readonly DocumentPart[] }
  | { readonly kind: 'failed'; readonly code: 'unsupported_content' | 'document_too_large' }
  | { readonly kind: 'busy' };

/** Reads documents of strangers, in processes with bounds of time and memory. */
export interface DocumentReader {
  /** Judges the bytes, turns them into Markdown and divides it. Never throws. */
  read(tenantId: string, source: DocumentSource, signal?: AbortSignal): Promise<Read>;
  /** Ends the processes. Answers how many documents were under way. */
  close(): Promise<number>;
}
