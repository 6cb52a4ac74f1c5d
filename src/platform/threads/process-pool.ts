import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { z } from 'zod';
import type { Share } from '../shares/share.ts';
import { loaderFor, type ThreadPool, threadFile } from './thread-pool.ts';

export interface ProcessPoolOptions<Result> {
  /** The file whose default export does a task. It imports what it needs by itself. */
  readonly file: URL;
  /** The form of its results: a process that has read what a stranger wrote is not believed. */
  readonly result: z.ZodType<Result>;
  /** How the processes are divided. Its slots are the processes. */
  readonly share: Share;
  /** How long a task may run. */
  readonly timeoutMs: number;
  /** The objects of a process. One that needs more dies. */
  readonly maxMemoryMb: number;
}

/** A process that has nothing to do ends after this; the next task waits some hundreds of milliseconds for another. */
const idleMs = 30_000;

/**
 * Creates a pool of processes, for tasks whose memory their input decides. A thread does not do for these: V8 ends the whole
 * process where a thread passes its limit within one step, which a PDF of a kilobyte can bring about. A process gets no variable of
 * the environment, so it knows no secret, and prints nothing. It has no process before the first task.
 */
export function createProcessPool<Task extends object, Result>(
  options: ProcessPoolOptions<Result>,
): ThreadPool<Task, Result> {
  const { share, timeoutMs } = options;
  const alive = new Set<ChildProcess>();
  const idle = new Map<ChildProcess, NodeJS.Timeout>();
  let underWay = 0;
  let closed = false;

  const take = (): ChildProcess => {
    const [kept] = idle;
    if (kept === undefined) {
      const started = start(options);
      alive.add(started);
      started.once('exit', () => {
        alive.delete(started);
        clearTimeout(idle.get(started));
        idle.delete(started);
      });
      return started;
    }
    const [child, timer] = kept;
    clearTimeout(timer);
    idle.delete(child);
    return child;
  };
  const keep = (child: ChildProcess): void => {
    if (closed || !alive.has(child)) return;
    idle.set(child, setTimeout(() => end(child), idleMs).unref());
  };

  return {
    async run(tenantId, task, signal) {
      const release = await share.acquire(tenantId, signal);
      if (release === 'busy') return { kind: 'busy' };
      underWay += 1;
      try {
        if (closed) return { kind: 'lost' };
        const child = take();
        const late = AbortSignal.timeout(timeoutMs);
        const said = await ask(child, task, signal === undefined ? late : AbortSignal.any([signal, late]));
        const answer = answerOf(options.result).safeParse(said).data;
        if (answer === undefined) {
          // The slot is given back when the memory is.
          await end(child);
          return { kind: 'lost' };
        }
        keep(child);
        return answer.kind === 'done' ? answer : { kind: 'lost' };
      } finally {
        underWay -= 1;
        release();
      }
    },

    async close() {
      closed = true;
      const lost = underWay;
      await Promise.all([...alive].map(end));
      return lost;
    },
  };
}

/** What a process answers: `threw` where the task has thrown, and nothing else of it is known. */
const answerOf = <Result>(result: z.ZodType<Result>) =>
  z.union([z.object({ kind: z.literal('done'), result }), z.object({ kind: z.literal('threw') })]);

function start({
  file,
  maxMemoryMb,
}: Pick<ProcessPoolOptions<unknown>, 'file' | 'maxMemoryMb'>): ChildProcess {
  const main = threadFile('./process-main', import.meta.url);
  const child = fork(main, [file.href, String(maxMemoryMb)], {
    // Bytes are sent as bytes.
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: {},
    // A task that bounds its memory tells by a collection what it really holds.
    execArgv: ['--expose-gc', ...loaderFor(main)],
  });
  // Without a listener the failure of a start or of a message would end this process.
  child.on('error', () => undefined);
  return child;
}

/** Sends a task and waits for the answer; undefined where the process dies first or the time is over. */
function ask(child: ChildProcess, task: object, signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => {
    const settle = (answer?: unknown) => {
      child.off('message', settle).off('exit', lose);
      signal.removeEventListener('abort', lose);
      resolve(answer);
    };
    const lose = () => settle();
    child.on('message', settle).on('exit', lose);
    signal.addEventListener('abort', lose);
    if (signal.aborted || !child.connected) lose();
    else
      child.send(task, (error) => {
        if (error !== null) lose();
      });
  });
}

/** Ends a process, whatever it does. */
async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
