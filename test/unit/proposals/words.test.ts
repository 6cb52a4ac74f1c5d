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
    expect(await comparing).toEqual({
      kind: 'compared',
      saidBy: { id: 'an id', title: 'A title' },
      differs: [],
    });
    expect(turns).toBeGreaterThan(100);
  });

  it.for(['busy', 'lost'] as const)('are nothing that was said when their thread is %s', async (kind) => {
    const threads = { run: async () => ({ kind }), close: async () => 0 };
    expect(await compare(threads, long, 1_000)).toEqual({ kind: 'compared', differs: [] });
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
    expect(await compare(threads, long, 20)).toEqual({ kind: 'compared', differs: [] });
    expect(waits).toEqual([true]);
  });
});

describe('the words of long texts, compared before', () => {
  it('are not compared again, nor read', async ({ threads }) => {
    const read: unknown[] = [];
    const found = await compare(threads, long, 60_000, {
      second: (rows, without) => {
        read.push(without);
        return rows.map((row) => ({ ...row, body: null }));
      },
    });
    expect(found).toMatchObject({ saidBy: { id: 'an id' } });
    expect(read).toEqual([['an id 1']]);
  });

  it('are none of an article that has changed meanwhile, which is not compared in the transaction', async ({
    threads,
  }) => {
    const changed = (rows: readonly Row[]) => rows.map((row) => ({ ...row, version: 'an id 2' }));
    expect(await compare(threads, long, 60_000, { second: changed })).toEqual({
      kind: 'compared',
      differs: [],
    });
  });

  it('are not needed where the same text has come meanwhile', async ({ threads }) => {
    const same = (rows: readonly Row[]) =>
      rows.map((row) => ({ ...row, id: 'another', version: 'another 1', contentHash: 'a hash' }));
    const found = await compare(threads, long, 60_000, { second: same });
    expect(found).toMatchObject({ saidBy: { id: 'another' } });
  });

  it('are joined by short ones that have come meanwhile', async () => {
    const lost = { run: async () => ({ kind: 'lost' as const }), close: async () => 0 };
    const body = 'Some words.';
    const come = (rows: readonly Row[]) => [
      ...rows.map((row) => ({ ...row, body: null })),
      { id: 'another', title: 'A title', body, contentHash: 'of it', version: 'another 1' },
    ];
    const found = await compare(lost, body, 1_000, { first: long, second: come });
    expect(found).toMatchObject({ saidBy: { id: 'another' } });
  });
});

const long = 'A line of some words.\n\n'.repeat(2_000);

interface Row {
  readonly id: string;
  readonly title: string;
  readonly body: string | null;
  readonly contentHash: string;
  readonly version: string;
}

/** Compares a text with an article of the same text, or of `first`, which is found without a database; the second time, with `second`. */
async function compare(
  threads: Threads,
  body: string,
  leftMs: number,
  {
    first = body,
    second = (rows) => rows,
  }: { first?: string; second?: (rows: readonly Row[], without: unknown) => readonly Row[] } = {},
) {
  const rows = [{ id: 'an id', title: 'A title', body: first, contentHash: 'its hash', version: 'an id 1' }];
  let times = 0;
  const raw = async (_sql: string, { without }: { without: unknown }) => {
    times += 1;
    return { rows: times === 1 ? rows : second(rows, without) };
  };
  const tx: Transaction = Object.assign(Object.create(null), { raw });
  const proposal = {
    ...{ chunks: [], target: targetOf('m'), spaceId: undefined, known: new Set<string>(), bought: new Map() },
  };
  const article = { title: 'A title', body, contentHash: 'a hash', status: 'published' } as const;
  const compareWords = createCompareWords({ threads });
  const given = { article, proposal, similar: [], leftMs: () => leftMs };
  const found = await compareWords(tx, 'a', { ...given, before: undefined });
  return found.kind === 'long' ? compareWords(tx, 'a', { ...given, before: await found.compare() }) : found;
}
