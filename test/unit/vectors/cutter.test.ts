import { setImmediate as turn } from 'node:timers/promises';
import { it as base, describe, expect } from 'vitest';
import { cutText } from '../../../src/domain/chunks.ts';
import { createThreadShare } from '../../../src/platform/shares/shares.ts';
import { createVectors } from '../../../src/vectors/create-vectors.ts';
import { type Cutter, createCutter } from '../../../src/vectors/cutting/cutter.ts';

const it = base.extend('cutter', async ({}, { onCleanup }): Promise<Cutter> => {
  const { cutter } = createVectors({ threads: createThreadShare(2) });
  onCleanup(async () => void (await cutter.close()));
  return cutter;
});

describe('a cutter', () => {
  it('cuts a long text as the chunker does, in a thread: the event loop turns meanwhile', async ({
    cutter,
  }) => {
    const text = 'A line of some words.\n'.repeat(20_000);
    let turns = 0;
    let isOver = false;
    const cutting = cutter.cut('a', text).finally(() => {
      isOver = true;
    });
    for (; !isOver; turns += 1) await turn();
    expect(await cutting).toEqual(cutText(text));
    expect(turns).toBeGreaterThan(100);
  });

  it('cuts a short text without a thread, before anything else happens', async ({ cutter }) => {
    let cuts: unknown;
    void cutter.cut('a', 'A few words.').then((result) => {
      cuts = result;
    });
    await Promise.resolve();
    await Promise.resolve();
    expect(cuts).toEqual(cutText('A few words.'));
  });

  it.for(['busy', 'lost'] as const)('throws for a long text when its thread is %s', async (kind) => {
    const threads = { run: async () => ({ kind }), close: async () => 0 };
    const cutter = createCutter({ threads });
    await expect(cutter.cut('a', 'x'.repeat(20_001))).rejects.toThrow('thread');
    expect(await cutter.cut('a', 'x'.repeat(20_000))).toEqual(cutText('x'.repeat(20_000)));
  });
});
