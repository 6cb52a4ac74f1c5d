import { parseArgs } from 'node:util';
import { benchPostArticle } from './a-post-article.ts';
import { benchEditToSearchable } from './b-edit-to-searchable.ts';
import { type BenchStack, startBenchStack } from './bench-stack.ts';
import { benchArticlesAtOnce } from './c-articles-at-once.ts';
import { benchGuard } from './d-guard.ts';
import { benchNeighbours } from './e-neighbours.ts';
import { benchLongTexts } from './f-long-texts.ts';
import type { Figure } from './figure.ts';
import { benchAgainstQueue } from './g-against-queue.ts';
import { benchIngest } from './ingest.ts';
import { runProfile } from './profile/run-profile.ts';
import { runOnServers } from './run-on-servers.ts';
import { benchSoak } from './soak.ts';
import { benchStart } from './start.ts';
import { describeFigures } from './table.ts';

type Bench = (stack: BenchStack, log: (line: string) => void, cases: readonly string[]) => Promise<Figure[]>;

/** Those that run where none is named. `soak`, `start` and `profile` are for their own. */
const usual: Readonly<Record<string, Bench>> = {
  a: benchPostArticle,
  b: benchEditToSearchable,
  c: benchArticlesAtOnce,
  d: benchGuard,
  e: benchNeighbours,
  f: benchLongTexts,
  g: benchAgainstQueue,
  ingest: benchIngest,
};
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
    options: {
      json: { type: 'string' },
      case: { type: 'string', multiple: true },
      minutes: { type: 'string', default: '15' },
    },
    allowPositionals: true,
  });
  const [alone] = positionals;
  if (alone === 'profile') {
    await runProfile(env, log);
    return 0;
  }
  if (alone === 'start') {
    console.log(describeFigures(await benchStart(log)));
    return 0;
  }
  const soak: Bench = (stack) => benchSoak(stack, log, Number(values.minutes));
  const benches: Readonly<Record<string, Bench>> = alone === 'soak' ? { soak } : usual;
  const names = positionals.length > 0 ? positionals : Object.keys(usual);
  const unknown = names.filter((name) => !(name in benches));
  if (unknown.length > 0) {
    log(
      `there is no benchmark ${unknown.join(', ')}: there are ${[...Object.keys(usual), 'soak', 'start', 'profile'].join(', ')}`,
    );
    return 1;
  }

  return runOnServers({
    start: () => startBenchStack(env, log),
    measure: (stack) => measure(stack, names, { benches, cases: values.case ?? [] }),
    name: '',
    alsoTo: values.json,
    log,
  });
}

async function measure(
  stack: BenchStack,
  names: readonly string[],
  {
    benches,
    cases,
  }: { readonly benches: Readonly<Record<string, Bench>>; readonly cases: readonly string[] },
): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const name of names) {
    const found = (await benches[name]?.(stack, log, cases)) ?? [];
    figures.push(...found);
    log(`${describeFigures(found)}\n`);
  }
  return figures;
}
