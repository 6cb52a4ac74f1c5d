import { parseArgs } from 'node:util';
import type { Figure } from '../figure.ts';
import { runOnServers } from '../run-on-servers.ts';
import { describeFigures } from '../table.ts';
import { bareSearch, connectBareSql, describeBareSearch } from './bare-sql.ts';
import { type CorpusTenant, divide, withLargeTenant } from './corpus.ts';
import { growthFigures, latencyFigures, type MeasuredSearches } from './figures.ts';
import { type LatencyDeps, measureLatencies, warmUps } from './latency.ts';
import { connectLoader, growCorpus, loadTenants } from './load-corpus.ts';
import { createProviderPlan } from './provider-plan.ts';
import { createQueryPlanner, type QueryPlanner } from './queries.ts';
import { measureRecalls } from './recalls.ts';
import { createRecordedSearch } from './recorded-search.ts';
import { type SearchStack, startSearchStack } from './search-stack.ts';
import { equipTenants, groupTenants, mixTenants } from './tenants.ts';

/** Chunks of the two corpora, and searches of each kind and group of tenants. */
interface Scale {
  readonly chunks: { readonly before: number; readonly after: number };
  /** The articles of the large tenant, all short; its share of the chunks where nothing is said. */
  readonly largeTenant?: { readonly before: number; readonly after: number };
  readonly searches: number;
  readonly recallSearches: number;
}

const full: Scale = { chunks: { before: 10_000, after: 100_000 }, searches: 220, recallSearches: 200 };
/** For a quick try: its figures say that the benchmark runs, and not much more. */
const small: Scale = { chunks: { before: 2_000, after: 12_000 }, searches: 60, recallSearches: 40 };

/** The share of the other tenants is that of 3,000 and 10,000 chunks. */
const large: Scale = {
  ...full,
  chunks: { before: 3_000, after: 10_000 },
  largeTenant: { before: 10_000, after: 100_000 },
};

const modes = ['keyword', 'semantic', 'hybrid'] as const;
const log = (line: string) => console.error(line);

/** Measures searches at two sizes of the corpus. Answers the exit code, as the other benchmarks do. */
export async function runSearchBench(options: {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}): Promise<number> {
  const { values } = parseArgs({
    args: [...options.args],
    options: {
      json: { type: 'string' },
      small: { type: 'boolean', default: false },
      large: { type: 'boolean', default: false },
      searches: { type: 'string' },
    },
  });
  const scale = values.large ? large : values.small ? small : full;
  const searches = Number(values.searches ?? scale.searches);
  if (!Number.isInteger(searches) || searches <= warmUps) {
    log(`--searches takes a number above ${warmUps}, which are not counted`);
    return 1;
  }
  return runOnServers({
    start: () => startSearchStack(options.env),
    measure: (stack) => measure(stack, { ...scale, searches }),
    name: 'search-',
    alsoTo: values.json,
    log,
  });
}

async function measure(stack: SearchStack, scale: Scale): Promise<Figure[]> {
  const owner = await connectLoader(stack.databaseOwnerUrl);
  const bareSql = await connectBareSql(stack.databaseUrl);
  const byHand = await connectBareSql(stack.databaseOwnerUrl);
  const recorded = await createRecordedSearch(stack.databaseUrl);
  const provider = createProviderPlan(stack.providerUrl);
  try {
    const corpusOf = (size: 'before' | 'after') =>
      withLargeTenant(divide(scale.chunks[size]), scale.largeTenant?.[size]);
    const [before, after] = [corpusOf('before'), corpusOf('after')];
    await loadTenants(owner, after);
    const equipped = Object.values(groupTenants(after)).flatMap(({ tenants }) => tenants);
    const keys = await equipTenants(owner, stack.apiUrl, equipped);
    const plan = createQueryPlanner();
    const latencies = (chunks: number, groups: ReturnType<typeof groupTenants>) =>
      measureSearches(
        { apiUrl: stack.apiUrl, keys, bareSql, byHand, recorded, provider },
        plan,
        scale,
        chunks,
        groups,
      );

    await load(owner, undefined, before);
    for (const mode of modes) {
      const [query] = plan(groupTenants(before).large.tenants, 1);
      const statements = query ? await recorded.record(mode, query, 10) : [];
      log(`the floor of ${mode}:\n${describeBareSearch(bareSearch(0, statements))}\n`);
    }
    const small = await latencies(chunksOf(before), groupTenants(before));
    await load(owner, before, after);
    const recalls = await measureRecalls({
      ...{ databaseUrl: stack.databaseUrl, apiUrl: stack.apiUrl, keys, provider, plan },
      ...{ groups: Object.values(groupTenants(after)), searches: scale.recallSearches, log },
    });
    const large = await latencies(chunksOf(after), groupTenants(after));
    return [
      ...recalls,
      ...large.flatMap((each) => latencyFigures(each, true)),
      ...small.flatMap((each) => latencyFigures(each, false)),
      ...growthFigures([...small, ...large]),
    ];
  } finally {
    provider.close();
    await Promise.all([owner.end(), bareSql.close(), byHand.close(), recorded.close()]);
  }
}

/** To the nearest thousand, which is enough to tell two sizes apart. */
const chunksOf = (tenants: readonly CorpusTenant[]): number =>
  1_000 *
  Math.round(tenants.reduce((sum, { articles, chunksEach }) => sum + articles * chunksEach, 0) / 1_000);

async function load(...[owner, from, to]: Parameters<typeof growCorpus>): Promise<void> {
  log(`loading up to ${to.reduce((sum, { articles }) => sum + articles, 0)} articles …`);
  const { articlesMs, indexesMs } = await growCorpus(owner, from, to);
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(0)} s`;
  log(`loaded in ${seconds(articlesMs)}, vectors indexed in ${seconds(indexesMs)}`);
}

async function measureSearches(
  deps: LatencyDeps,
  plan: QueryPlanner,
  scale: Scale,
  chunks: number,
  groups: ReturnType<typeof groupTenants>,
): Promise<MeasuredSearches[]> {
  const measured: MeasuredSearches[] = [];
  for (const { name: group, tenants } of [groups.large, groups.small, mixTenants(groups)]) {
    for (const mode of modes) {
      log(`searching by ${mode}, ${group} tenant of ${chunks} chunks …`);
      const queries = plan(tenants, scale.searches);
      await deps.provider.plan(queries);
      const latencies = await measureLatencies(deps, mode, queries);
      const searches = { chunks, group, mode, ...latencies };
      log(`${describeFigures(latencyFigures(searches, true))}\n`);
      measured.push(searches);
    }
  }
  return measured;
}
