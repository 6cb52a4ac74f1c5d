import type { FailureCode } from '../../../src/domain/failures.ts';
import * as documents from '../../support/documents.ts';
import type { ServerStep } from './hostile-server.ts';
import { serverMarker } from './server-marker.ts';

/** A way in which a document cannot be had or read. */
export interface DocumentFault {
  readonly name: string;
  readonly from:
    | ServerStep
    | { readonly kind: 'no HTTP' | 'no TLS' }
    | { readonly kind: 'file'; readonly bytes: () => Uint8Array | string | Promise<Uint8Array> };
  readonly expected: DocumentOutcome;
  /** Needs the machine for itself, as it is unpacked or read for seconds. */
  readonly isHeavy?: true;
}

/** What such a document comes to. */
export interface DocumentOutcome {
  readonly path: string;
  readonly workflow: string;
  /** Requests that reached its server; 0 for a file. */
  readonly requests: number;
  /** Questions to the model. */
  readonly calls: number;
}

const failed = (code: FailureCode, requests = 1): DocumentOutcome => ({
  ...{ path: `failed ${code}`, workflow: `FAILED ${code}`, requests, calls: 0 },
});
const read: DocumentOutcome = {
  ...{ path: 'running → completed', workflow: 'COMPLETED completed', requests: 2, calls: 1 },
};

const unreachable = 'url_unreachable';
const forbidden = 'url_forbidden';
const tooLarge = 'document_too_large';
const unsupported = 'unsupported_content';

const fetched = (name: string, from: DocumentFault['from'], expected: DocumentOutcome): DocumentFault => ({
  ...{ name: `from a server: ${name}`, from, expected },
});
const redirect = (to: string) => fetched(`a redirect to ${to}`, { kind: 'redirect', to }, failed(forbidden));

/** The ways of strangers' servers. */
export const fetcherFaults: readonly DocumentFault[] = [
  fetched('no answer', { kind: 'hang' }, failed(unreachable)),
  fetched('a trickle', { kind: 'trickle' }, failed(unreachable)),
  fetched('a flood', { kind: 'flood' }, failed(tooLarge)),
  fetched('a length of a terabyte', { kind: 'claims', bytes: 1e12 }, failed(tooLarge)),
  {
    ...fetched('a bomb of gzip', { kind: 'gzip', bytes: 64 * 1024 * 1024 }, failed(tooLarge)),
    isHeavy: true,
  },
  fetched('bad gzip', { kind: 'no gzip' }, failed(unreachable)),
  // A connection that is reset is worth a second try.
  fetched('a cut before its answer', { kind: 'cut', after: 'nothing' }, failed(unreachable, 2)),
  fetched('a cut in its answer', { kind: 'cut', after: 'half' }, failed(unreachable)),
  fetched('500 with words', { kind: 'status', status: 500 }, failed(unreachable)),
  fetched('401 with words', { kind: 'status', status: 401 }, failed(unreachable)),
  fetched('404 with words', { kind: 'status', status: 404 }, failed(unreachable)),
  fetched('503 with words, always', { kind: 'status', status: 503 }, failed(unreachable, 2)),
  fetched('503 with words, once', { kind: 'first', status: 503, headers: { 'retry-after': '0' } }, read),
  fetched(
    '429 that asks for an hour',
    { kind: 'status', status: 429, headers: { 'retry-after': '3600' } },
    failed(unreachable),
  ),
  fetched(
    'headers of 64 kB',
    { kind: 'status', status: 200, headers: { 'x-long': `${serverMarker} `.repeat(3_000) } },
    failed(unreachable),
  ),
  fetched('no HTTP', { kind: 'no HTTP' }, failed(unreachable, 0)),
  fetched('no TLS', { kind: 'no TLS' }, failed(unreachable, 0)),
  fetched('redirects without end', { kind: 'circle' }, failed(unreachable, 4)),
  redirect('http://10.0.0.1/'),
  redirect('http://169.254.169.254/latest/meta-data/'),
  redirect('http://[::ffff:10.0.0.1]/'),
  redirect('file:///etc/passwd'),
  fetched(
    'a picture that is called text',
    {
      kind: 'bytes',
      bytes: Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d]),
    },
    failed(unsupported),
  ),
];

const file = (
  name: string,
  bytes: () => Uint8Array | string | Promise<Uint8Array>,
  code: FailureCode = unsupported,
): DocumentFault => ({
  name: `a file: ${name}`,
  from: { kind: 'file', bytes },
  expected: failed(code, 0),
  isHeavy: true,
});

/** Bytes that were made to break what reads them. */
export const parserFaults: readonly DocumentFault[] = [
  file('a PDF that is cut off', async () => (await documents.twoColumnPdf()).subarray(0, 700)),
  file('a locked PDF', documents.lockedPdf),
  file('a PDF that unpacks to 200 MB', () => documents.pdfBomb(200)),
  file('a Word document that is cut off', async () => (await documents.wordDocument()).subarray(0, 3_000)),
  file('entities that multiply', () => documents.smallWordDocument('&l9;', documents.billionLaughs())),
  file('an archive that unpacks to more than its list says', () => documents.lyingArchive()),
  file(
    'an archive that unpacks to 60 MB',
    () => documents.zipOf({ 'word/document.xml': new Uint8Array(60 * 1024 * 1024) }),
    tooLarge,
  ),
  file('a million tags', () => '<b>x'.repeat(1_000_000), tooLarge),
  file('a page without words', () => '<html><body><script>x()</script></body></html>'),
];
