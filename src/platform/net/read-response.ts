import { PassThrough, type Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress, createGunzip } from 'node:zlib';
import { createByteCollector } from './byte-collector.ts';

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

/** Thrown inside the pipeline to end it at the bound. */
class TooLarge extends Error {
  override readonly name = 'TooLarge';
}

/**
 * Reads a body of at most `maxBytes`, as it is sent and decoded: a few bytes can stand for gigabytes, and gigabytes for nothing. It
 * stops at the bound. An encoding within an encoding is not decoded. Rejects where the body is cut off or cannot be decoded.
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
  const counted = async function* (source: AsyncIterable<Uint8Array>) {
    for await (const part of source) {
      sentBytes += part.length;
      if (sentBytes > maxBytes) throw new TooLarge();
      yield part;
    }
  };
  const collect = async (source: AsyncIterable<Uint8Array>) => {
    for await (const part of source) if (!collected.add(part)) throw new TooLarge();
  };
  try {
    await pipeline(body, counted, decoder, collect, { signal });
  } catch (error) {
    if (error instanceof TooLarge) return { kind: 'too_large' };
    throw error;
  }
  return { kind: 'read', bytes: collected.bytes() };
}
