import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { type Figure, figure } from './figure.ts';

const root = join(import.meta.dirname, '..', '..');
const pollMs = 50;
const deadlineMs = 300_000;

/** What a person waits for at most, in milliseconds. */
const most = { first: 10_000, second: 8_000 };

const endpoints = z.object({ apiUrl: z.string(), keys: z.object({ agent: z.string() }) });
const answered = z.object({ data: z.array(z.unknown()), meta: z.object({ fallback: z.boolean() }) });

/** What one start took, in milliseconds. */
interface Start {
  /** To the first answer to a request with a key. */
  readonly answerMs: number;
  /** To the first search that meaning has served; undefined where it was not waited for. */
  readonly searchMs: number | undefined;
}

/** Starts the service twice as `npm start` does, from the built files, on data of its own: new ones, then the same again. */
export async function benchStart(log: (line: string) => void): Promise<Figure[]> {
  // Not a temporary folder of the system's: the database's own user has to reach it.
  const stackDir = join(root, '.stack', 'bench', `start-${randomBytes(4).toString('hex')}`);
  try {
    log('(start) for the first time, until a search by meaning is served …');
    const first = await startOnce(stackDir, { untilSearch: true });
    log('(start) again …');
    const second = await startOnce(stackDir, { untilSearch: false });
    const compare = (name: string, measured: number, floor: number) =>
      figure({ ...{ bench: 'start', unit: 'ms', name, measured, floor }, bar: { atMost: 1 } });
    return [
      compare('first start: to the first answer, against what a person waits', first.answerMs, most.first),
      // Without a bar: a sample is embedded by the local model on the cores that are free.
      figure({
        ...{
          bench: 'start',
          unit: 'ms',
          name: 'first start: to the first search by meaning, against the first answer',
        },
        ...{ measured: first.searchMs ?? deadlineMs, floor: first.answerMs },
      }),
      compare('second start: to the first answer, against what a person waits', second.answerMs, most.second),
    ];
  } finally {
    await rm(stackDir, { recursive: true, force: true });
  }
}

async function startOnce(
  stackDir: string,
  { untilSearch }: { readonly untilSearch: boolean },
): Promise<Start> {
  const entry = pathToFileURL(join(root, 'dist', 'src', 'main', 'start.js')).href;
  const program = `const { start } = await import(${JSON.stringify(entry)});
    process.exit(await start({ args: [], env: process.env, stackDir: ${JSON.stringify(stackDir)}, code: 'build' }));`;
  const startedAt = performance.now();
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { PATH: process.env.PATH, HOME: process.env.HOME },
  });
  const ended = once(child, 'exit');
  const sinceMs = () => performance.now() - startedAt;
  const until = async <T>(look: () => Promise<T | undefined>): Promise<T> => {
    while (sinceMs() < deadlineMs) {
      if (child.exitCode !== null) throw new Error(`the start ended with code ${child.exitCode}`);
      const found = await look().catch(() => undefined);
      if (found !== undefined) return found;
      await delay(pollMs);
    }
    throw new Error('the start took longer than five minutes');
  };
  try {
    const { apiUrl, keys } = await until(async () =>
      endpoints.parse(JSON.parse(await readFile(join(stackDir, 'endpoints.json'), 'utf8'))),
    );
    const search = async () => {
      const url = `${apiUrl}/api/v1/knowledge/search?q=keys&mode=semantic`;
      const answer = await fetch(url, { headers: { authorization: `Bearer ${keys.agent}` } });
      return answered.parse(await answer.json());
    };
    await until(search);
    const answerMs = sinceMs();
    if (!untilSearch) return { answerMs, searchMs: undefined };
    await until(async () => {
      const { data, meta } = await search();
      return !meta.fallback && data.length > 0 ? true : undefined;
    });
    return { answerMs, searchMs: sinceMs() };
  } finally {
    child.kill('SIGINT');
    await ended;
  }
}
