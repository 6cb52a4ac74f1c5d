import type { Chunk } from '../../src/domain/chunks.ts';

/** A passage without a heading, for a test that needs no article around it. */
export function aChunk(chunk: Partial<Chunk> & Pick<Chunk, 'hash'>): Chunk {
  const { text = chunk.hash } = chunk;
  return { position: 0, text, heading: '', input: text, approxTokens: 1, isCard: false, ...chunk };
}
