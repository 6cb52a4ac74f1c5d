import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { z } from 'zod';
import { type ApiClient, expectSuccess } from '../../../src/stack/api-client.ts';
import { linearGain, ndcgAt10 } from '../ndcg.ts';
import { progress, type QualityService, type TenantKeys } from '../quality-stack.ts';
import { type DocumentVectors, fuseByRank, normalised, rankByCosine } from './baselines.ts';
import { createBm25 } from './bm25.ts';
import type { Collection } from './collection.ts';

export const contenders = ['keyword', 'semantic', 'hybrid', 'BM25', 'cosine', 'rank fusion'] as const;
export type Contender = (typeof contenders)[number];

/** The nDCG@10 of each query, by contender, in the order of the queries. */
export interface MeasuredCollection {
  readonly name: string;
  readonly documents: number;
  readonly queries: number;
  readonly ndcg: Readonly<Record<Contender, readonly number[]>>;
}

const maxTitle = 500;
const maxQuery = 500;
const stalledMs = 10 * 60_000;

const written = z.object({ data: z.object({ id: z.string() }) });
const reply = z.object({
  data: z.array(z.object({ id: z.string() })),
  meta: z.object({
    served_mode: z.string(),
    fallback_reason: z.string().nullable(),
    coverage: z.object({ published: z.int(), embedded: z.int() }),
  }),
});

/** Writes a collection into a tenant of its own, and asks all of its queries in all modes and of the baselines. */
export async function measureCollection(
  { api, stack, createTenant }: QualityService,
  collection: Collection,
  slug: string,
): Promise<MeasuredCollection> {
  const { name, documents, queries } = collection;
  const keys = await createTenant(slug);
  const idOf = await publish(api, keys, collection);
  await waitUntilEmbedded(api, keys, name);
  const vectors = await readVectors(stack.databaseOwnerUrl, slug, idOf);
  const bm25 = createBm25(documents);

  const ndcg: Record<Contender, number[]> = {
    ...{ keyword: [], semantic: [], hybrid: [] },
    ...{ BM25: [], cosine: [], 'rank fusion': [] },
  };
  for (const [index, { text, grades }] of queries.entries()) {
    const q = text.slice(0, maxQuery);
    const count = (contender: Contender, ranking: readonly string[]) =>
      ndcg[contender].push(ndcgAt10(ranking, grades, linearGain));
    for (const mode of ['keyword', 'semantic', 'hybrid'] as const) {
      const path = `/knowledge/search?mode=${mode}&limit=10&q=${encodeURIComponent(q)}`;
      const { data, meta } = expectSuccess(await api({ path, key: keys.agent }), reply, `search by ${mode}`);
      if (meta.served_mode !== mode) {
        throw new Error(`"${q}" was served by ${meta.served_mode}, not ${mode}: ${meta.fallback_reason}`);
      }
      count(
        mode,
        data.map(({ id }) => idOf.get(id) ?? id),
      );
    }
    const byWords = bm25(q);
    const byCosine = rankByCosine(await embedQuery(stack.embeddingUrl, q), vectors);
    count('BM25', byWords);
    count('cosine', byCosine);
    count('rank fusion', fuseByRank([byWords, byCosine]));
    if (index % 50 === 49) progress(`${name}: ${index + 1} of ${queries.length} queries are asked`);
  }
  return { name, documents: documents.length, queries: queries.length, ndcg };
}

/** Publishes the documents; answers which article is which document. */
async function publish(
  api: ApiClient,
  keys: TenantKeys,
  { name, documents }: Collection,
): Promise<ReadonlyMap<string, string>> {
  const idOf = new Map<string, string>();
  for (const { id, title, text } of documents) {
    const body = {
      // A document without a title begins with one, as a person would name it.
      title: (title.trim() || text.trim() || id).slice(0, maxTitle).trim(),
      ...{ body: text, category: 'reference', status: 'published', force: true },
    };
    const answer = await api({ method: 'POST', path: '/articles', key: keys.user, body });
    idOf.set(expectSuccess(answer, written, `write the document ${id} of ${name}`).data.id, id);
    if (idOf.size % 100 === 0) progress(`${name}: ${idOf.size} of ${documents.length} documents are written`);
  }
  return idOf;
}

async function waitUntilEmbedded(api: ApiClient, { agent }: TenantKeys, name: string): Promise<void> {
  let embeddedBefore = -1;
  let movedAt = Date.now();
  for (;;) {
    const answer = await api({ path: '/knowledge/search?mode=keyword&limit=1&q=a', key: agent });
    const { published, embedded } = expectSuccess(answer, reply, 'read the coverage').meta.coverage;
    if (embedded === published) return;
    if (embedded > embeddedBefore) movedAt = Date.now();
    if (Date.now() - movedAt > stalledMs)
      throw new Error(`${name}: ${embedded} of ${published} are embedded`);
    embeddedBefore = Math.max(embedded, embeddedBefore);
    progress(`${name}: ${embedded} of ${published} documents are embedded`);
    await delay(10_000);
  }
}

/** The vectors with which the service itself searches. */
async function readVectors(
  ownerUrl: string,
  slug: string,
  idOf: ReadonlyMap<string, string>,
): Promise<DocumentVectors[]> {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    const { rows } = await client.query(
      `select m.article_id as id, v.embedding::text as embedding
         from tenants t
         join embedding_spaces s on s.tenant_id = t.id and s.state = 'serving'
         join article_manifests m on m.tenant_id = t.id and m.space_id = s.id
         join chunk_vectors v on v.tenant_id = t.id and v.space_id = s.id and v.article_id = m.article_id
                             and v.chunk_hash = any(m.chunk_hashes)
        where t.slug = $1`,
      [slug],
    );
    const byDocument = new Map<string, Float32Array[]>();
    for (const { id, embedding } of z
      .array(z.object({ id: z.string(), embedding: z.string() }))
      .parse(rows)) {
      const document = idOf.get(id);
      if (document === undefined) throw new Error(`the article ${id} is of no document`);
      const vector = normalised(z.array(z.number()).parse(JSON.parse(embedding)));
      byDocument.set(document, [...(byDocument.get(document) ?? []), vector]);
    }
    return [...byDocument].map(([id, vectors]) => ({ id, vectors }));
  } finally {
    await client.end();
  }
}

const embedded = z.object({ data: z.tuple([z.object({ embedding: z.array(z.number()) })]) });

async function embedQuery(embeddingUrl: string, text: string): Promise<Float32Array> {
  const response = await fetch(`${embeddingUrl}/embeddings`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'multilingual-e5-small', input: [text], input_type: 'query' }),
  });
  const answer: unknown = await response.json();
  return normalised(embedded.parse(answer).data[0].embedding);
}
