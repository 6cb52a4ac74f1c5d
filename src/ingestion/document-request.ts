import { createHash } from 'node:crypto';
import { isPublicAddress } from '../platform/net/address-policy.ts';
import { readDocumentAddress } from '../platform/net/document-address.ts';
import { readHost } from '../platform/net/read-host.ts';
import type { JobOptions, SourceKind } from './jobs/job.ts';
import type { AboutDocument } from './jobs/sealed-document.ts';

/** A document that a client gives, or says where it is. */
export type GivenDocument =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'file';
      readonly bytes: Uint8Array;
      readonly name: string | null;
      readonly contentType: string;
    }
  | { readonly kind: 'url'; readonly url: string };

/** A request to make articles of a document. */
export interface DocumentRequest extends JobOptions {
  readonly document: GivenDocument;
  /** The title that its sender gives; null for the document's own. */
  readonly title: string | null;
}

/** A document as it is sealed. `bytes` is null for one that is fetched later. */
export interface DocumentToSeal {
  readonly kind: SourceKind;
  readonly bytes: Uint8Array | null;
  readonly contentHash: string;
  readonly about: AboutDocument;
}

/** Bytes that stand for an address in the hash. No text begins with them, so that no text has the hash of an address. */
const addressMark = '\0url\0';

/** What a request makes of its document; `url_forbidden` for an address that is never fetched. */
export function readDocumentRequest({
  document,
  title,
}: Pick<DocumentRequest, 'document' | 'title'>): DocumentToSeal | { readonly kind: 'url_forbidden' } {
  switch (document.kind) {
    case 'text': {
      const bytes = Buffer.from(document.text, 'utf8');
      const about = { url: null, name: null, contentType: 'text/markdown; charset=utf-8', title };
      return { kind: 'text', bytes, contentHash: sha256(bytes), about };
    }
    case 'file': {
      const { bytes, name, contentType } = document;
      return {
        kind: 'file',
        bytes,
        contentHash: sha256(bytes),
        about: { url: null, name, contentType, title },
      };
    }
    case 'url': {
      const url = fetchableUrl(document.url);
      if (url === undefined) return { kind: 'url_forbidden' };
      const about = { url, name: null, contentType: null, title };
      return { kind: 'url', bytes: null, contentHash: sha256(Buffer.from(addressMark + url, 'utf8')), about };
    }
    default:
      return document satisfies never;
  }
}

/**
 * An address as it is fetched, without its fragment; undefined for one that is refused by its look alone. The name of a host may
 * still lead to a private address, so the connection is checked again.
 */
function fetchableUrl(given: string): string | undefined {
  const url = readDocumentAddress(given);
  if (url === undefined) return undefined;
  const host = readHost(url.hostname);
  switch (host.kind) {
    case 'invalid':
      return undefined;
    case 'address':
      if (!isPublicAddress(host.ip)) return undefined;
      break;
    case 'name':
      if (/(^|\.)localhost$/i.test(host.name)) return undefined;
      break;
    default:
      return host satisfies never;
  }
  return url.href;
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
