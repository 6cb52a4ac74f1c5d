import { setImmediate as turn } from 'node:timers/promises';
import { test as base, describe, expect } from 'vitest';
import type { WordsCompared, WordsTask } from '../../../src/domain/sentences/compare-words.ts';
import type { Transaction } from '../../../src/platform/postgres/database.ts';
import { createThreadShare } from '../../../src/platform/shares/shares.ts';
import { createThreadPool, type ThreadPool, threadFile } from '../../../src/platform/threads/thread-pool.ts';
import { createCompareWords } from '../../../src/proposals/words.ts';
import { targetOf } from '../../support/targets.ts';

type Threads = ThreadPool<WordsTask, WordsCompared>;

const it = base.extend('threads', async ({}, { onCleanup }): Promise<Threads> => {
  const threads: Threads = createThreadPool({
    file: threadFile('../../../src/proposals/compare-words-in-thread', import.meta.url),
    share: createThreadShare(2),
    timeoutMs: 30_000,
  });
  onCleanup(async () => void (await threads.close()));
  return threads;
});

describe('the words of long texts', () => {
  it('are compared in a thread: the event loop turns meanwhile', async ({ threads }) => {
    let turns = 0;
    let isOver = false;
    const comparing = compare(threads, long, 60_000).finally(() => {
      isOver = true;
    });
    for (; !isOver; turns += 1) await turn();
    expect(await comparing).toEqual({ saidBy: { id: 'an id', title: 'A title' }, differs: [] });
    expect(turns).toBeGreaterThan(100);
  });

  it.for(['busy', 'lost'] as const)('are nothing that was said when their thread is %s', async (kind) => {
    const threads = { run: async () => ({ kind }), close: async () => 0 };
    expect(await compare(threads, long, 1_000)).toEqual({ differs: [] });
    expect(await compare(threads, 'Some words.', 1_000)).toMatchObject({ saidBy: { id: 'an id' } });
  });

  it('are waited for half as long as there is time', async () => {
    const waits: boolean[] = [];
    const threads: Threads = {
      async run(_tenantId, _task, signal) {
        await new Promise((resolve) => signal?.addEventListener('abort', resolve));
        waits.push(signal?.aborted ?? false);
        return { kind: 'lost' };
      },
      close: async () => 0,
    };
    expect(await compare(threads, long, 20)).toEqual({ differs: [] });
    expect(waits).toEqual([true]);
  });
});

const long = 'A line of some words.\n\n'.repeat(2_000);

/** Compares a text with an article of the same text, which is found without a database. */
function compare(threads: Threads, body: string, leftMs: number) {
  const found = { rows: [{ id: 'an id', title: 'A title', body }] };
  const tx: Transaction = Object.assign(Object.create(null), { raw: async () => found });
  const proposal = {
    ...{ chunks: [], target: targetOf('m'), spaceId: undefined, known: new Set<string>(), bought: new Map() },
  };
  const article = { title: 'A title', body, contentHash: 'a hash', status: 'published' } as const;
  return createCompareWords({ threads })(tx, 'a', { article, proposal, similar: [], leftMs: () => leftMs });
}
