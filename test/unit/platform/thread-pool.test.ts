import { setImmediate as turn } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { it as base, describe, expect } from 'vitest';
import {
  type AnalyzableText,
  type AnalyzedText,
  analyzeText,
} from '../../../src/domain/words/analyze-text.ts';
import { createShare } from '../../../src/platform/shares/share.ts';
import { createThreadPool, type ThreadPool, threadFile } from '../../../src/platform/threads/thread-pool.ts';
import type { ThreadTask } from '../../support/thread-tasks.ts';

const file = new URL('../../support/thread-tasks.ts', pathToFileURL(import.meta.filename));

type Pool = ThreadPool<ThreadTask, string>;

/** Makes pools of two threads, one for a tenant, whose queue takes one task of each. */
const it = base.extend('pool', ({}, { onCleanup }) => {
  const pools: Pool[] = [];
  onCleanup(async () => void (await Promise.all(pools.map((pool) => pool.close()))));
  return (timeoutMs = 300_000): Pool => {
    const share = createShare({ name: 'threads', total: 2, perTenant: 1, maxWaiting: 1, waitMs: 20_000 });
    const pool = createThreadPool<ThreadTask, string>({ file, share, timeoutMs });
    pools.push(pool);
    return pool;
  };
});

describe('a pool of threads', () => {
  it('does the same as the function does without a thread', async ({ onTestFinished }) => {
    const share = createShare({ name: 'threads', total: 1, perTenant: 1, maxWaiting: 1, waitMs: 20_000 });
    const analysis = createThreadPool<AnalyzableText, AnalyzedText>({
      file: threadFile(
        '../../../src/words/analysis/analyze-in-thread',
        pathToFileURL(import.meta.filename).href,
      ),
      ...{ share, timeoutMs: 300_000 },
    });
    onTestFinished(async () => void (await analysis.close()));
    const text = { title: 'A title', tags: [], category: 'finding', body: 'Some words.', language: 'en' };
    expect(await analysis.run('a', text)).toEqual({ kind: 'done', result: analyzeText(text) });
  });

  it('does a task while the event loop goes on', async ({ pool }) => {
    const threads = pool();
    let turns = 0;
    let isOver = false;
    const task = threads.run('a', { does: 'spin', forMs: 300 }).finally(() => {
      isOver = true;
    });
    while (!isOver) {
      await turn();
      turns += 1;
    }
    expect(await task).toEqual({ kind: 'done', result: 'spun' });
    expect(turns).toBeGreaterThan(100);
  });

  it('serves another tenant while one has its threads in use, and refuses what is beyond its queue', async ({
    pool,
  }) => {
    const threads = pool();
    const stop = new AbortController();
    const [running, waiting] = [1, 2].map(() =>
      threads.run('a', { does: 'spin', forMs: 60_000 }, stop.signal),
    );
    expect(await threads.run('a', { does: 'spin', forMs: 0 })).toEqual({ kind: 'busy' });
    expect(await threads.run('b', { does: 'spin', forMs: 0 })).toEqual({ kind: 'done', result: 'spun' });
    stop.abort();
    expect([await running, await waiting].map((result) => result?.kind)).toEqual(['lost', 'busy']);
  });

  it.for(['exit', 'throw', 'exhaust'] as const)(
    'loses the task of a thread that dies, and does the next: %s',
    async (does, { pool }) => {
      const threads = pool();
      const other = threads.run('b', { does: 'spin', forMs: 50 });
      expect(await threads.run('a', { does, forMs: 0 })).toEqual({ kind: 'lost' });
      expect(await other).toEqual({ kind: 'done', result: 'spun' });
      expect(await threads.run('a', { does: 'spin', forMs: 0 })).toEqual({ kind: 'done', result: 'spun' });
    },
  );

  it('ends a task that takes too long, and one that is no longer wanted', async ({ pool }) => {
    const late = pool(200);
    expect(await late.run('a', { does: 'spin', forMs: 60_000 })).toEqual({ kind: 'lost' });
    const threads = pool();
    const gone = new AbortController();
    const task = threads.run('a', { does: 'spin', forMs: 60_000 }, gone.signal);
    setTimeout(() => gone.abort(), 100);
    expect(await task).toEqual({ kind: 'lost' });
  });

  it('is closed with a task under way, which it counts', async ({ pool }) => {
    const threads = pool();
    const task = threads.run('a', { does: 'spin', forMs: 60_000 });
    await turn();
    expect(await threads.close()).toBe(1);
    expect(await task).toEqual({ kind: 'lost' });
    expect(await threads.run('a', { does: 'spin', forMs: 0 })).toEqual({ kind: 'lost' });
  });
});

describe('the file of a thread', () => {
  base.each([
    ['file:///app/src/a/b.ts', 'file:///app/src/a/task.ts'],
    ['file:///app/dist/src/a/b.js', 'file:///app/dist/src/a/task.js'],
  ])('lies beside %s', (module, expected) => {
    expect(threadFile('./task', module).href).toBe(expected);
  });
});
