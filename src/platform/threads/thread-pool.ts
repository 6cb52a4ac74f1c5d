import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Piscina } from 'piscina';
import type { Share } from '../shares/share.ts';

/** What came of work in a thread. `busy`: no thread was free in time. `lost`: its thread died, it took too long, or the pool is closed. */
export type ThreadResult<Result> =
  | { readonly kind: 'done'; readonly result: Result }
  | { readonly kind: 'busy' }
  | { readonly kind: 'lost' };

/** Threads for work that would hold up the event loop, where everybody waits. */
export interface ThreadPool<Task, Result> {
  /** Runs a task in a thread, within the tenant's share. An aborted signal ends the wait, and the thread where it runs. */
  run(tenantId: string, task: Task, signal?: AbortSignal): Promise<ThreadResult<Result>>;
  /** Ends every thread. Answers how many tasks were under way, which are lost. */
  close(): Promise<number>;
}

export interface ThreadPoolOptions {
  /** The file whose default export does a task. It imports what it needs by itself. */
  readonly file: URL;
  /** How the threads are divided. Its slots are the threads. */
  readonly share: Share;
  /** How long a task may run. */
  readonly timeoutMs: number;
}

/** A thread that has nothing to do ends after this; the next task waits some tens of milliseconds for another. */
const idleMs = 30_000;
/** The objects of a thread: its tasks need a tenth. What its input alone could make larger belongs into a process (process-pool.ts). */
const maxMemoryMb = 256;

/** Creates a pool. It has no thread before the first task. */
export function createThreadPool<Task, Result>(options: ThreadPoolOptions): ThreadPool<Task, Result> {
  const { file, share, timeoutMs } = options;
  const pool = new Piscina<Task, Result>({
    filename: file.href,
    minThreads: 0,
    maxThreads: share.total,
    idleTimeout: idleMs,
    // Nothing waits here but for a thread that starts: what waits for its turn waits in the share.
    maxQueue: share.total,
    resourceLimits: { maxOldGenerationSizeMb: maxMemoryMb },
    execArgv: loaderFor(file),
  });
  // A thread that dies without a task is replaced by the next task.
  pool.on('error', () => undefined);
  let underWay = 0;
  let closed = false;

  return {
    async run(tenantId, task, signal) {
      const release = await share.acquire(tenantId, signal);
      if (release === 'busy') return { kind: 'busy' };
      underWay += 1;
      try {
        // The library would start a thread again.
        if (closed) return { kind: 'lost' };
        const late = AbortSignal.timeout(timeoutMs);
        const result = await pool.run(task, {
          signal: signal === undefined ? late : AbortSignal.any([signal, late]),
        });
        return { kind: 'done', result };
      } catch {
        return { kind: 'lost' };
      } finally {
        underWay -= 1;
        release();
      }
    },

    async close() {
      closed = true;
      const lost = underWay;
      await pool.destroy();
      return lost;
    },
  };
}

/** The file of a thread beside the module that names it: TypeScript in development, JavaScript in the build. */
export function threadFile(name: string, moduleUrl: string): URL {
  return new URL(`${name}${moduleUrl.endsWith('.ts') ? '.ts' : '.js'}`, moduleUrl);
}

/** A thread or process that reads TypeScript needs the loader, whatever this process was started with. */
export function loaderFor(file: URL): string[] {
  if (!file.pathname.endsWith('.ts')) return [];
  const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  // In a thread it reads all modules as those of `require`. Some packages (file-type) name themselves to `import` alone.
  return ['--import', loader, '--conditions=import'];
}
