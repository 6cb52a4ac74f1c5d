import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { benchPostArticle } from './a-post-article.ts';
import { benchEditToSearchable } from './b-edit-to-searchable.ts';
import { type BenchStack, startBenchStack } from './bench-stack.ts';
import { benchArticlesAtOnce } from './c-articles-at-once.ts';
import { benchGuard } from './d-guard.ts';
import { type Figure, meetsBar } from './figure.ts';
import { describeMachine } from './machine.ts';
import { describeFigures, describeSurroundings } from './table.ts';

type Bench = (stack: BenchStack, log: (line: string) => void) => Promise<Figure[]>;

const benches: Readonly<Record<string, Bench>> = {
  a: benchPostArticle,
  b: benchEditToSearchable,
  c: benchArticlesAtOnce,
  d: benchGuard,
};
const resultsDir = join(import.meta.dirname, '..', '..', '.stack', 'bench');
const log = (line: string) => console.error(line);

export interface BenchOptions {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Runs the benchmarks that the arguments name, all by default; prints them and writes them as JSON. Answers the exit code:
 * 0 when everything ran, a missed bar included, which is for people to judge on their machine.
 */
export async function runBenches({ args, env }: BenchOptions): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { json: { type: 'string' } },
    allowPositionals: true,
  });
  const names = positionals.length > 0 ? positionals : Object.keys(benches);
  const unknown = names.filter((name) => !(name in benches));
  if (unknown.length > 0) {
    log(`there is no benchmark ${unknown.join(', ')}: there are ${Object.keys(benches).join(', ')}`);
    return 1;
  }

  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  log('starting the servers …');
  const stack = await startBenchStack(env, log);
  try {
    const stopped = new Promise<'stopped'>((resolve) => {
      if (stop.signal.aborted) resolve('stopped');
      stop.signal.addEventListener('abort', () => resolve('stopped'));
    });
    const result = await Promise.race([stopped, measure(stack, names)]);
    if (result === 'stopped') return 130;
    console.log(`\n${describeSurroundings(result.machine)}\n\n${describeFigures(result.figures)}`);
    await writeResult(result, values.json);
    return 0;
  } catch (error) {
    log(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return 1;
  } finally {
    await stack.stop();
  }
}

async function measure(stack: BenchStack, names: readonly string[]) {
  const machine = await describeMachine(stack);
  const startedAt = new Date().toISOString();
  const figures: Figure[] = [];
  for (const name of names) {
    const found = (await benches[name]?.(stack, log)) ?? [];
    figures.push(...found);
    log(`${describeFigures(found)}\n`);
  }
  return { startedAt, machine, figures };
}

async function writeResult(
  result: Awaited<ReturnType<typeof measure>>,
  alsoTo: string | undefined,
): Promise<void> {
  const text = `${JSON.stringify(
    {
      started_at: result.startedAt,
      machine: result.machine,
      figures: result.figures.map((each) => ({ ...each, met: meetsBar(each) ?? null })),
    },
    null,
    2,
  )}\n`;
  await mkdir(resultsDir, { recursive: true });
  const file = join(resultsDir, `${result.startedAt.replace(/[:.]/g, '-')}.json`);
  await writeFile(file, text);
  if (alsoTo !== undefined) await writeFile(alsoTo, text);
  console.log(`\nwritten to ${alsoTo ?? file}`);
}
