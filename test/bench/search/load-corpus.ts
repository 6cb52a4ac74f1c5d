import pg from 'pg';
import { z } from 'zod';
import { chunkerVersion } from '../../../src/domain/chunks.ts';
import { targetIdOf } from '../../../src/domain/provider-target.ts';
import { analyzeText } from '../../../src/domain/words/analyze-text.ts';
import { targetOf } from '../../support/targets.ts';
import { articleAt, type CorpusArticle, type CorpusTenant, idOf } from './corpus.ts';
import { dimensions, vectorText } from './vectors.ts';

/** The model that a tenant has without having chosen one. */
const model = 'text-embedding-3-small';
const articlesAtOnce = 400;

export const tenantIdOf = (tenant: number): string => idOf('tenant', tenant);
export const spaceIdOf = (tenant: number): string => idOf('space', tenant);

/** A connection with the owner's login, for loading much: a crash would lose what is made again in a minute. */
export async function connectLoader(databaseOwnerUrl: string): Promise<pg.Client> {
  const owner = new pg.Client({ connectionString: databaseOwnerUrl });
  await owner.connect();
  await owner.query(`set synchronous_commit = off; set maintenance_work_mem = '1GB'`);
  return owner;
}

/** Makes the tenants, each with the space that serves its searches. */
export async function loadTenants(owner: pg.Client, tenants: readonly CorpusTenant[]): Promise<void> {
  for (const { index } of tenants) {
    await asTenant(owner, index, async (tenantId) => {
      await owner.query('insert into tenants (id, slug, name) values ($1, $2, $3)', [
        tenantId,
        `bench-${index}`,
        `Benchmark ${index}`,
      ]);
      await owner.query(
        `insert into embedding_spaces (tenant_id, id, target_id, vendor, base_url, model, input_style, dimensions, chunker_version, state)
         values ($1, $2, $6, 'default', 'http://127.0.0.1:9/v1', $3, '{"kind":"none"}', $4, $5, 'serving')`,
        [tenantId, spaceIdOf(index), model, dimensions, chunkerVersion, targetIdOf(targetOf(model))],
      );
    });
  }
}

/**
 * Brings the corpus from one size to a larger one, and has done with it what autovacuum does some time after such a load.
 * How long the articles took, and the indexes on their vectors, in milliseconds.
 */
export async function growCorpus(
  owner: pg.Client,
  from: readonly CorpusTenant[] | undefined,
  to: readonly CorpusTenant[],
): Promise<{ readonly articlesMs: number; readonly indexesMs: number }> {
  const startedAt = performance.now();
  const indexesMs = await withoutVectorIndexes(owner, async () => {
    for (const tenant of to) await loadArticles(owner, tenant, from?.[tenant.index]?.articles ?? 0);
  });
  const articlesMs = performance.now() - startedAt - indexesMs;
  await owner.query('vacuum analyze');
  return { articlesMs, indexesMs };
}

/** Writes the tenant's articles from a place on, with all that the service writes of an embedded article. */
async function loadArticles(owner: pg.Client, tenant: CorpusTenant, from: number): Promise<void> {
  const { index, articles: to } = tenant;
  for (let start = from; start < to; start += articlesAtOnce) {
    const places = Array.from({ length: Math.min(articlesAtOnce, to - start) }, (_, at) => start + at);
    const articles = places.map((place) => articleAt(tenant, place));
    await asTenant(owner, index, (tenantId) => writeArticles(owner, tenantId, spaceIdOf(index), articles));
  }
}

async function writeArticles(
  owner: pg.Client,
  tenantId: string,
  spaceId: string,
  articles: readonly CorpusArticle[],
): Promise<void> {
  const column = <T>(of: (article: CorpusArticle) => T) => articles.map(of);
  await owner.query(
    `insert into articles (tenant_id, id, title, body, category, tags, status, content_hash)
     select $1, id, title, body, category, string_to_array(tags, ' '), status, content_hash
       from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
         as given (id, title, body, category, tags, status, content_hash)`,
    [
      tenantId,
      column(({ id }) => id),
      column(({ title }) => title),
      column(({ body }) => body),
      column(({ category }) => category),
      column(({ tags }) => tags.join(' ')),
      column(({ status }) => status),
      column(({ contentHash }) => contentHash),
    ],
  );
  const words = articles.map(({ title, body, category, tags }) =>
    analyzeText({ title, body, category, tags, language: null }),
  );
  await owner.query(
    `insert into article_words
       (tenant_id, article_id, version, language, words, length, body_from, offsets, status, category, tag_keys)
     select $1, id, version, language, words::tsvector, length, body_from, offsets::int[], status, category,
            fold_tags(string_to_array(tags, ' '))
       from unnest($2::uuid[], $3::int[], $4::text[], $5::text[], $6::int[], $7::int[], $8::text[], $9::text[], $10::text[], $11::text[])
         as given (id, version, language, words, length, body_from, offsets, status, category, tags)`,
    [
      tenantId,
      column(({ id }) => id),
      words.map(({ version }) => version),
      words.map(({ language }) => language),
      words.map(({ vector }) => vector),
      words.map(({ length }) => length),
      words.map(({ bodyFrom }) => bodyFrom),
      words.map(({ offsets }) => `{${offsets.join(',')}}`),
      column(({ status }) => status),
      column(({ category }) => category),
      column(({ tags }) => tags.join(' ')),
    ],
  );
  const chunks = articles.flatMap(({ id, chunks, leftOver }) =>
    [...chunks, ...(leftOver ? [leftOver] : [])].map((chunk) => ({ articleId: id, ...chunk })),
  );
  await owner.query(
    `insert into chunk_vectors (tenant_id, space_id, article_id, chunk_hash, text, embedding)
     select $1, $2, article_id, chunk_hash, text, cast(embedding as vector)
       from unnest($3::uuid[], $4::text[], $5::text[], $6::text[])
         as given (article_id, chunk_hash, text, embedding)`,
    [
      tenantId,
      spaceId,
      chunks.map(({ articleId }) => articleId),
      chunks.map(({ hash }) => hash),
      chunks.map(({ text }) => text),
      chunks.map(({ vector }) => vectorText(vector)),
    ],
  );
  await owner.query(
    `insert into article_manifests (tenant_id, space_id, article_id, content_hash, chunk_hashes)
     select $1, $2, id, content_hash, string_to_array(hashes, ' ')
       from unnest($3::uuid[], $4::text[], $5::text[]) as given (id, content_hash, hashes)`,
    [
      tenantId,
      spaceId,
      column(({ id }) => id),
      column(({ contentHash, stale }) => (stale ? 'of an older text' : contentHash)),
      column(({ chunks }) => chunks.map(({ hash }) => hash).join(' ')),
    ],
  );
  await owner.query(
    `insert into article_embeddings (tenant_id, article_id, status, space_id, chunks, content_hash, embedded_at)
     select $1, id, status, $2, $3, content_hash, now()
       from unnest($4::uuid[], $5::text[], $6::text[]) as given (id, status, content_hash)`,
    [
      tenantId,
      spaceId,
      articles[0]?.chunks.length ?? null,
      column(({ id }) => id),
      column(({ status, stale }) =>
        status === 'archived' ? 'not_applicable' : stale ? 'pending' : 'embedded',
      ),
      column(({ contentHash }) => contentHash),
    ],
  );
}

/** A transaction of the tenant's: row-level security binds the owner, too. */
async function asTenant(
  owner: pg.Client,
  tenant: number,
  work: (tenantId: string) => Promise<void>,
): Promise<void> {
  const tenantId = tenantIdOf(tenant);
  await owner.query('begin');
  await owner.query(`select set_config('app.tenant_id', $1, true)`, [tenantId]);
  await work(tenantId);
  await owner.query('commit');
}

const indexRows = z.array(z.object({ name: z.string(), definition: z.string() }));

/**
 * Takes the HNSW indexes away while `load` runs and makes them again by their own definitions: a hundred thousand inserts
 * into the graph take minutes, building it at once takes one. How long the building took, in milliseconds.
 */
async function withoutVectorIndexes(owner: pg.Client, load: () => Promise<void>): Promise<number> {
  const { rows } = await owner.query(
    `select c.relname as name, pg_get_indexdef(c.oid) as definition
       from pg_index i
       join pg_class c on c.oid = i.indexrelid
       join pg_am m on m.oid = c.relam
      where i.indrelid = 'chunk_vectors'::regclass and m.amname = 'hnsw'`,
  );
  const indexes = indexRows.parse(rows);
  for (const { name } of indexes) await owner.query(`drop index ${owner.escapeIdentifier(name)}`);
  await load();
  const startedAt = performance.now();
  for (const { definition } of indexes) await owner.query(definition);
  return performance.now() - startedAt;
}
