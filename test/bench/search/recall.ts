import pg from 'pg';
import { z } from 'zod';
import type { Database } from '../../../src/platform/postgres/database.ts';
import { nearestArticles } from '../../../src/vectors/nearest.ts';
import { createKeepAliveClient } from '../keep-alive-client.ts';
import { spaceIdOf, tenantIdOf } from './load-corpus.ts';
import type { PlannedQuery } from './queries.ts';

/** How many of the articles that are nearest were found, of how many; 10 a query where the tenant has as many. */
export interface Recall {
  readonly found: number;
  readonly wanted: number;
}

export interface SearchOptions {
  /** Whether the query's category is a filter. */
  readonly filtered: boolean;
  readonly limit: number;
}

/** Gives the ids of the articles that a search for a query finds, best first. */
export type Finder = (query: PlannedQuery, options: SearchOptions) => Promise<readonly string[]>;

/** How many of the nearest, as many as `limit`, a search finds; `nearest` holds at least as many for each query. */
export async function measureRecall(
  nearest: ReadonlyMap<PlannedQuery, readonly string[]>,
  find: Finder,
  options: SearchOptions,
): Promise<Recall> {
  let found = 0;
  let wanted = 0;
  for (const [query, ids] of nearest) {
    const best = ids.slice(0, options.limit);
    const given = new Set(await find(query, options));
    wanted += best.length;
    found += best.filter((id) => given.has(id)).length;
  }
  return { found, wanted };
}

const idRows = z.array(z.object({ id: z.string() }));

/** Compares with every visible vector of the tenant's: an aggregate, which no index can answer. */
export async function connectExactFinder(
  databaseUrl: string,
): Promise<{ readonly find: Finder; close(): Promise<void> }> {
  const connection = new pg.Client({ connectionString: databaseUrl });
  await connection.connect();
  return {
    async find({ tenant, vector, category }, { filtered, limit }) {
      const tenantId = tenantIdOf(tenant);
      await connection.query(`select set_config('app.tenant_id', $1, false)`, [tenantId]);
      const { rows } = await connection.query(
        `select a.id
           from articles a
           join article_manifests m on m.tenant_id = a.tenant_id and m.article_id = a.id and m.space_id = $2
           join chunk_vectors v on v.tenant_id = m.tenant_id and v.space_id = m.space_id
                               and v.article_id = m.article_id and v.chunk_hash = any(m.chunk_hashes)
          where a.tenant_id = $1 and a.status = 'published' and m.content_hash = a.content_hash
            and ($4::text is null or a.category = $4)
          group by a.id
          order by min(v.embedding <=> cast($3 as vector)), a.id
          limit $5`,
        [tenantId, spaceIdOf(tenant), vector, filtered ? category : null, limit],
      );
      return idRows.parse(rows).map(({ id }) => id);
    },
    close: () => connection.end(),
  };
}

/** The service's own search for the nearest. */
export function nearestFinder(database: Database): Finder {
  return async ({ tenant, vector, category }, { filtered, limit }) => {
    const tenantId = tenantIdOf(tenant);
    const near = await database.withTenant(tenantId, (tx) =>
      nearestArticles(tx, tenantId, {
        spaceId: spaceIdOf(tenant),
        vector: vector.slice(1, -1).split(',').map(Number),
        limit,
        ...(filtered ? { filter: { category } } : {}),
      }),
    );
    return near.map(({ articleId }) => articleId);
  };
}

const page = z.object({
  data: z.array(z.object({ id: z.string() })),
  meta: z.object({ fallback: z.literal(false) }),
});

/** The same by way of the API, mode `semantic`. */
export function apiFinder(
  apiUrl: string,
  keys: ReadonlyMap<number, readonly string[]>,
): { readonly find: Finder; close(): void } {
  const client = createKeepAliveClient({ url: `${apiUrl}/api/v1`, connections: 1 });
  let turn = 0;
  return {
    async find({ tenant, q, category }, { filtered, limit }) {
      const ofTenant = keys.get(tenant) ?? [];
      turn += 1;
      const parameters = { q, mode: 'semantic', limit: String(limit), ...(filtered ? { category } : {}) };
      const path = `/knowledge/search?${new URLSearchParams(parameters)}`;
      const { status, text } = await client.send('GET', path, undefined, ofTenant[turn % ofTenant.length]);
      if (status !== 200) throw new Error(`a search was answered ${status}: ${text.slice(0, 500)}`);
      return page.parse(JSON.parse(text)).data.map(({ id }) => id);
    },
    close: () => client.close(),
  };
}
