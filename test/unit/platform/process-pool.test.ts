import { fork } from 'node:child_process';
import { once } from 'node:events';
import { pathToFileURL } from 'node:url';
import { it as base, describe, expect } from 'vitest';
import { z } from 'zod';
import { createShare } from '../../../src/platform/shares/share.ts';
import { createProcessPool } from '../../../src/platform/threads/process-pool.ts';
import { loaderFor, type ThreadPool } from '../../../src/platform/threads/thread-pool.ts';
import type { ThreadTask } from '../../support/thread-tasks.ts';

const file = new URL('../../support/thread-tasks.ts', pathToFileURL(import.meta.filename));
const mainFile = new URL(
  '../../../src/platform/threads/process-main.ts',
  pathToFileURL(import.meta.filename),
);
const spin = (forMs: number): ThreadTask => ({ does: 'spin', forMs });

type Pool = ThreadPool<ThreadTask, string>;

/** Makes pools of two processes, one for a tenant, whose queue takes one task of each. */
const it = base.extend('pool', ({}, { onCleanup }) => {
  const pools: Pool[] = [];
  onCleanup(async () => void (await Promise.all(pools.map((pool) => pool.close()))));
  return (timeoutMs = 300_000, result: z.ZodType<string> = z.string()): Pool => {
    const share = createShare({ name: 'processes', total: 2, perTenant: 1, maxWaiting: 1, waitMs: 20_000 });
    const pool = createProcessPool<ThreadTask, string>({ file, result, share, timeoutMs, maxMemoryMb: 64 });
    pools.push(pool);
    return pool;
  };
});

describe('a pool of processes', () => {
  it.for(['exit', 'throw', 'exhaust', 'end-process'] as const)(
    'loses the task that ends its thread or its process, and does the next: %s',
    async (does, { pool }) => {
      const processes = pool();
      const other = processes.run('b', spin(50));
      expect(await processes.run('a', { does, forMs: 0 })).toEqual({ kind: 'lost' });
      expect(await other).toEqual({ kind: 'done', result: 'spun' });
      expect(await processes.run('a', spin(0))).toEqual({ kind: 'done', result: 'spun' });
    },
  );

  it('tells a task nothing of the environment', async ({ pool }) => {
    expect(process.env).not.toEqual({});
    expect(await pool().run('a', { does: 'tell-environment', forMs: 0 })).toEqual({
      kind: 'done',
      result: '',
    });
  });

  it('loses a result of another form than the one that it takes', async ({ pool }) => {
    expect(await pool(300_000, z.literal('read')).run('a', spin(0))).toEqual({ kind: 'lost' });
  });

  it('ends a task that takes too long, and one that is no longer wanted', async ({ pool }) => {
    expect(await pool(1).run('a', spin(600_000))).toEqual({ kind: 'lost' });
    const gone = new AbortController();
    const task = pool().run('a', spin(600_000), gone.signal);
    setImmediate(() => gone.abort());
    expect(await task).toEqual({ kind: 'lost' });
  });

  it('is closed with a task under way, which it counts', async ({ pool }) => {
    const processes = pool();
    expect(await processes.run('a', spin(0))).toEqual({ kind: 'done', result: 'spun' });
    const task = processes.run('a', spin(600_000));
    await new Promise(setImmediate);
    expect(await processes.close()).toBe(1);
    expect(await task).toEqual({ kind: 'lost' });
    expect(await processes.run('a', spin(0))).toEqual({ kind: 'lost' });
  });

  it('serves another tenant while one has its process in use, and refuses what is beyond its queue', async ({
    pool,
  }) => {
    const processes = pool();
    const stop = new AbortController();
    const [running, waiting] = [1, 2].map(() => processes.run('a', spin(600_000), stop.signal));
    expect(await processes.run('a', spin(0))).toEqual({ kind: 'busy' });
    expect(await processes.run('b', spin(0))).toEqual({ kind: 'done', result: 'spun' });
    stop.abort();
    expect([await running, await waiting].map((result) => result?.kind)).toEqual(['lost', 'busy']);
  });
});

describe('a process of a pool', () => {
  const it = base.extend('child', ({}, { onCleanup }) => {
    const child = fork(mainFile, [file.href, '64'], { execArgv: loaderFor(mainFile), env: {} });
    onCleanup(() => void child.kill('SIGKILL'));
    return child;
  });

  it('goes on after a signal to its group, and ends with the process that has asked, whatever its task does', async ({
    child,
  }) => {
    child.send(spin(0));
    expect((await once(child, 'message'))[0]).toEqual({ kind: 'done', result: 'spun' });
    child.kill('SIGTERM');
    child.kill('SIGINT');
    child.send(spin(0));
    expect((await once(child, 'message'))[0]).toEqual({ kind: 'done', result: 'spun' });
    child.send(spin(600_000));
    const ended = once(child, 'exit');
    child.disconnect();
    expect(await ended).toEqual([0, null]);
  });
});
