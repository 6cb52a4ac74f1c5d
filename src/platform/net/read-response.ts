import { PassThrough, type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress, createGunzip } from 'node:zlib';
import { createByteCollector, isCrumbled } from './byte-collector.ts';

/** The body of an answer, decoded; `undecodable` where its encoding is none that was asked for. */
export type ReadResponse =
  | { readonly kind: 'read'; readonly bytes: Uint8Array }
  | { readonly kind: 'too_large' }
  | { readonly kind: 'undecodable' };

/**
 * The encodings that are asked for. Each needs at most 16 MB of its own to decode. There is no zstd in Node 20, and `deflate` is
 * two formats under one name.
 */
export const acceptedEncodings = 'gzip, br';

const decoders: ReadonlyMap<string, () => Transform> = new Map<string, () => Transform>([
  ['', () => new PassThrough()],
  ['identity', () => new PassThrough()],
  ['gzip', () => createGunzip()],
  ['x-gzip', () => createGunzip()],
  ['br', () => createBrotliDecompress()],
]);

/**
 * Reads a body of at most `maxBytes`, as it is sent and decoded: a few bytes can stand for gigabytes, and gigabytes for nothing. It
 * stops at the bound. An encoding within an encoding is not decoded. Rejects where the body is cut off, crumbled or cannot be decoded.
 */
export async function readResponse(
  body: Readable,
  {
    encoding,
    maxBytes,
    signal,
  }: { readonly encoding: string; readonly maxBytes: number; readonly signal: AbortSignal },
): Promise<ReadResponse> {
  const decoder = decoders.get(encoding.trim().toLowerCase())?.();
  if (decoder === undefined) return { kind: 'undecodable' };
  const collected = createByteCollector(maxBytes);
  let sentBytes = 0;
  let sentParts = 0;
  // Ends the pipeline, whose other parts may then fail before it hears of this error: the reason is kept apart from it.
  let isTooLarge = false;
  const endAtBound = () => {
    isTooLarge = true;
    return new Error('too large');
  };
  // A transform gets each part as it came, where an iterator gets what has piled up.
  const counted = new Transform({
    transform(part: Uint8Array, _, done) {
      sentBytes += part.length;
      sentParts += 1;
      if (sentBytes > maxBytes) done(endAtBound());
      else if (isCrumbled(sentParts, sentBytes)) done(new Error('too many parts'));
      else done(null, part);
    },
  });
  const collect = async (source: AsyncIterable<Uint8Array>) => {
    for await (const part of source) if (!collected.add(part)) throw endAtBound();
  };
  try {
    await pipeline(body, counted, decoder, collect, { signal });
  } catch (error) {
    if (isTooLarge) return { kind: 'too_large' };
    throw error;
  }
  return { kind: 'read', bytes: collected.bytes() };
}
