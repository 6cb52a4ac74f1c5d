import { createKeepAliveClient } from '../keep-alive-client.ts';
import { type BareMs, type BareSql, bareRanking, bareSearch } from './bare-sql.ts';
import type { ProviderPlan } from './provider-plan.ts';
import type { PlannedQuery } from './queries.ts';
import type { Mode, RecordedSearch } from './recorded-search.ts';

/** Milliseconds of one kind of search: of the API, and of its floors for the same queries in the same order. */
export interface Latencies {
  readonly measured: readonly number[];
  readonly floor: readonly BareMs[];
}

export interface LatencyDeps {
  readonly apiUrl: string;
  /** API keys by tenant. */
  readonly keys: ReadonlyMap<number, readonly string[]>;
  readonly bareSql: BareSql;
  /** With the owner's login, which no policy keeps from the index of words. */
  readonly byHand: BareSql;
  readonly recorded: RecordedSearch;
  readonly provider: ProviderPlan;
}

/** As much as the route gives when nothing is said. */
const limit = 10;
/** Searches of each kind that are not counted. */
export const warmUps = 20;

/**
 * Searches through the API, one after the other, and runs each one's floor beside it, and each of the two is first half of the time.
 * `fresh`: the query's vector is bought, and the floor has one bare call to the provider more; `remembered`: it was asked
 * for a moment ago. A search by words alone needs no vector and is `remembered` only.
 */
export async function measureLatencies(
  deps: LatencyDeps,
  mode: Mode,
  queries: readonly PlannedQuery[],
): Promise<{ readonly fresh?: Latencies; readonly remembered: Latencies }> {
  const { bareSql, byHand, recorded, provider } = deps;
  const client = createKeepAliveClient({ url: `${deps.apiUrl}/api/v1`, connections: 1 });
  const fresh = { measured: [] as number[], floor: [] as BareMs[] };
  const remembered = { measured: [] as number[], floor: [] as BareMs[] };
  let turn = 0;

  const search = async (query: PlannedQuery) => {
    const keys = deps.keys.get(query.tenant) ?? [];
    const path = `/knowledge/search?${new URLSearchParams({ q: query.q, mode, limit: String(limit) })}`;
    const answer = await client.send('GET', path, undefined, keys[turn % keys.length]);
    if (answer.status !== 200 || !answer.text.includes('"fallback":false'))
      throw new Error(`a search by ${mode} was answered ${answer.status}: ${answer.text.slice(0, 500)}`);
    return answer.ms;
  };
  const inTurns = async (
    into: typeof fresh,
    measure: () => Promise<number>,
    floor: () => Promise<BareMs>,
  ) => {
    turn += 1;
    if (turn % 2 === 0) into.measured.push(await measure());
    into.floor.push(await floor());
    if (turn % 2 === 1) into.measured.push(await measure());
  };

  try {
    const paidBefore = await provider.countAnswers();
    for (const query of queries) {
      // What is recorded here has warmed the database's memory for both sides alike.
      const statements = await recorded.record(mode, query, limit);
      // A search by words that no article has sends no ranking; the one by hand ranks all the same.
      const bare = bareSearch(
        query.tenant,
        mode === 'keyword' ? [bareRanking(query.tenant, query.q)] : statements,
      );
      if (mode !== 'keyword') {
        await inTurns(
          fresh,
          () => search(query),
          async () => {
            const { all, ranking } = await bareSql.run(bare);
            const called = await provider.call(query);
            return { all: all + called, ranking: ranking + called };
          },
        );
      }
      await inTurns(
        remembered,
        () => search(query),
        () => (mode === 'keyword' ? byHand : bareSql).run(bare),
      );
    }
    const paid = (await provider.countAnswers()) - paidBefore;
    const wanted = mode === 'keyword' ? 0 : 2 * queries.length;
    if (paid !== wanted) throw new Error(`${paid} vectors were asked for, not ${wanted}`);
  } finally {
    client.close();
  }
  return { ...(mode === 'keyword' ? {} : { fresh: counted(fresh) }), remembered: counted(remembered) };
}

const counted = ({ measured, floor }: Latencies): Latencies => ({
  measured: measured.slice(warmUps),
  floor: floor.slice(warmUps),
});
