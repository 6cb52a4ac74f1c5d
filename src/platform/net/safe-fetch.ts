/** What a fetch of an address that a stranger gave brought. */
export type Fetched =
  | {
      readonly kind: 'fetched';
      /** Decoded, at most `maxBytes`. */
      readonly bytes: Uint8Array;
      /** The `Content-Type` header; null without one. */
      readonly contentType: string | null;
      /** The address that answered, after redirects. */
      readonly url: string;
    }
  | { readonly kind: 'failed'; readonly code: 'url_forbidden' | 'url_unreachable' | 'document_too_large' };

/** Fetches addresses that strangers gave. */
export interface SafeFetch {
  /** Gets the bytes at an address. Every hop and every address is checked when it is connected to. Never throws. */
  fetch(url: string, signal?: AbortSignal): Promise<Fetched>;
}
