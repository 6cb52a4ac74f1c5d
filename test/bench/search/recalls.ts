import { createDatabase } from '../../../src/platform/postgres/database.ts';
import type { Figure } from '../figure.ts';
import { describeFigures } from '../table.ts';
import { recallFigure } from './figures.ts';
import type { ProviderPlan } from './provider-plan.ts';
import type { PlannedQuery, QueryPlanner } from './queries.ts';
import { apiFinder, connectExactFinder, type Finder, measureRecall, nearestFinder } from './recall.ts';
import type { TenantGroup } from './tenants.ts';

/** As many as a page of the API holds when nothing is said. */
const page = 10;
/** As many as a hybrid search takes from the vectors before it fuses. */
const pool = 200;

/** For tenants of each size, with a filter and without: what the service's own search and the API find of the nearest. */
export async function measureRecalls(options: {
  readonly databaseUrl: string;
  readonly apiUrl: string;
  readonly keys: ReadonlyMap<number, readonly string[]>;
  readonly provider: ProviderPlan;
  readonly plan: QueryPlanner;
  readonly groups: readonly TenantGroup[];
  readonly searches: number;
  readonly log: (line: string) => void;
}): Promise<Figure[]> {
  const { groups, searches, log } = options;
  const exact = await connectExactFinder(options.databaseUrl);
  const database = createDatabase({
    ...{ url: options.databaseUrl, poolSize: 1, applicationName: 'lorekeep-bench' },
  });
  const api = apiFinder(options.apiUrl, options.keys);
  const nearest = nearestFinder(database);
  const figures: Figure[] = [];
  try {
    for (const { name, tenants } of groups) {
      for (const filtered of [false, true]) {
        const what = `${name} tenant${filtered ? ', by category' : ''}`;
        log(`recall: ${what} …`);
        const queries = options.plan(tenants, searches);
        await options.provider.plan(queries);
        const wanted = new Map<PlannedQuery, readonly string[]>();
        for (const query of queries) wanted.set(query, await exact.find(query, { filtered, limit: pool }));
        const recallOf = (find: Finder, limit: number) => measureRecall(wanted, find, { filtered, limit });
        const found = [
          recallFigure(`nearest ${page}, ${what}`, await recallOf(nearest, page)),
          recallFigure(`nearest ${page} by the API, ${what}`, await recallOf(api.find, page)),
          recallFigure(`nearest ${pool}, ${what}`, await recallOf(nearest, pool), false),
        ];
        log(`${describeFigures(found)}\n`);
        figures.push(...found);
      }
    }
  } finally {
    api.close();
    await Promise.all([exact.close(), database.close()]);
  }
  return figures;
}
