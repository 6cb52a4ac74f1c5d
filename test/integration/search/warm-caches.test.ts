import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import { targetIdOf } from '../../../src/domain/provider-target.ts';
import { modes } from '../../../src/search/cursor.ts';
import { createSearchService, type Search } from '../../../src/search/service.ts';
import { insertArticles } from '../../support/article-rows.ts';
import { factsOfDatabase } from '../../support/fixtures.ts';
import { targetOf } from '../../support/targets.ts';
import { insertTenant } from '../../support/tenant-row.ts';
import type { TestDatabase } from '../../support/test-database.ts';

// Two tenants so large that a process remembers their numbers. The same words are common in one and rare in the other.
const it = factsOfDatabase().extend('tenants', { scope: 'file' }, async ({ db }) => [
  await largeTenant(db, { articles: 1_200, common: 'owl', rare: 'quagga' }),
  await largeTenant(db, { articles: 1_050, common: 'quagga', rare: 'owl' }),
]);
// Writing the articles takes longer than one fact may.
it.beforeAll(({ tenants }) => void tenants, 120_000);

const queries = ['owl', 'quagga', 'owl quagga', 'owl -quagga', '"an owl"', 'qua', 'quaga owl', 'zebra'];

describe('searches of two tenants in turn, by one process that remembers', () => {
  it.for(modes)('%s: each is answered as by a process of its own', async (mode, { db, tenants }) => {
    const shared = searchOf(db, tenants);
    for (let round = 1; round <= 3; round += 1) {
      for (const q of queries) {
        for (const { id, articles } of tenants) {
          const alone = await ask(searchOf(db, tenants), id, q, mode);
          expect(await ask(shared, id, q, mode), `${q}, round ${round}`).toEqual(alone);
          expect(alone.coverage).toEqual({ published: articles, embedded: articles - 1 });
          expect(alone.hits.every(({ title }) => title.endsWith(id))).toBe(true);
        }
      }
    }
  });
});

describe('the kept plans of a search', () => {
  it('read no whole table, also where two tenants have nearly all of the rows', async ({ db, tenants }) => {
    const small = await largeTenant(db, { articles: 3, common: 'owl', rare: 'quagga' });
    await db.rawAsOwner('analyze');
    const { database } = db;
    const scanned = new Set<string>();
    const watched: TestDatabase['database'] = {
      ...database,
      readTenantByKeptPlans: (tenantId, work) =>
        database.readTenantByKeptPlans(tenantId, async (tx) => {
          const result = await work(tx);
          const rows: { relname: string }[] = await tx('pg_stat_xact_user_tables').where('seq_scan', '>', 0);
          for (const { relname } of rows) scanned.add(relname);
          return result;
        }),
    };
    for (const mode of modes) {
      for (const { id } of [small, ...tenants]) {
        const { hits } = await ask(searchOf({ database: watched }, [small, ...tenants]), id, 'owl', mode);
        expect(hits).not.toEqual([]);
      }
    }
    expect([...scanned]).toEqual([]);
  });
});

interface LargeTenant {
  readonly id: string;
  readonly spaceId: string;
  readonly articles: number;
}

async function ask(search: Search, tenantId: string, q: string, mode: (typeof modes)[number]) {
  const answer = await search.search(tenantId, { q, mode, limit: 5 });
  if (answer.kind !== 'found') throw new Error(answer.kind);
  return answer;
}

/** The search of a process that has searched nothing before; the query's vector is always at hand. */
function searchOf({ database }: Pick<TestDatabase, 'database'>, tenants: readonly LargeTenant[]): Search {
  const refuse = () => Promise.reject(new Error('it is not asked for'));
  return createSearchService({
    database,
    queryEmbeddings: {
      embedQuery: async (tenantId) => ({
        kind: 'vector',
        model: 'a-model',
        vector: [1, 0.2, 1],
        spaceId: tenants.find(({ id }) => id === tenantId)?.spaceId ?? '',
      }),
    },
    reranking: { order: refuse },
    blocked: { note: refuse },
  });
}

/** A tenant with one word in all of its articles and another in two; all but one have a vector. */
async function largeTenant(
  db: TestDatabase,
  { articles, common, rare }: { readonly articles: number; readonly common: string; readonly rare: string },
): Promise<LargeTenant> {
  const id = await insertTenant(db);
  const spaceId = randomUUID();
  await insertArticles(
    db,
    id,
    Array.from({ length: articles }, (_, at) => ({
      title: `Number ${at} of ${id}`,
      body: `${at < 2 ? `An ${rare} beside ` : ''}an ${common} ${'and more '.repeat(at % 7)}`,
    })),
  );
  await db.rawAsOwner(
    `insert into embedding_spaces (tenant_id, id, target_id, vendor, base_url, model, input_style, dimensions, chunker_version, state)
     values ($1, $2, $3, 'default', 'http://127.0.0.1:9/v1', 'a-model', '{"kind":"none"}', 3, 1, 'serving')`,
    [id, spaceId, targetIdOf(targetOf('a-model'))],
  );
  const chunk = `from (select *, row_number() over (order by title) as n from articles where tenant_id = $1) a where n > 1`;
  await db.rawAsOwner(
    `insert into chunk_vectors (tenant_id, space_id, article_id, chunk_hash, text, embedding)
     select $1, $2, id, content_hash, body, cast(format('[%s,%s,1]', cos(n), sin(n)) as vector) ${chunk}`,
    [id, spaceId],
  );
  await db.rawAsOwner(
    `insert into article_manifests (tenant_id, space_id, article_id, content_hash, chunk_hashes)
     select $1, $2, id, content_hash, array[content_hash] ${chunk}`,
    [id, spaceId],
  );
  await db.rawAsOwner(
    `insert into article_embeddings (tenant_id, article_id, status, space_id, chunks, content_hash, embedded_at)
     select $1, id, case when n > 1 then 'embedded' else 'pending' end, case when n > 1 then $2::uuid end,
            case when n > 1 then 1 end, case when n > 1 then content_hash end, case when n > 1 then now() end
       from (select *, row_number() over (order by title) as n from articles where tenant_id = $1) a
     on conflict (tenant_id, article_id) do nothing`,
    [id, spaceId],
  );
  return { id, spaceId, articles };
}
