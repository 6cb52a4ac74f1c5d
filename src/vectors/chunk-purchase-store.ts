import pgvector from 'pgvector/knex';
import { z } from 'zod';
import { targetIdOf } from '../domain/provider-target.ts';
import type { Transaction } from '../platform/postgres/database.ts';
import type { SpaceKind } from './spaces-store.ts';

/** Chunks of one tenant, for the vectors of one target. */
export interface KindOfChunks {
  readonly kind: SpaceKind;
  readonly hashes: readonly string[];
}

/** A chunk, what a reader is shown of it, and the headings above it. */
export interface PassageOfChunk {
  readonly hash: string;
  readonly text: string;
  readonly heading: string;
}

const bindings = (tenantId: string, { kind, hashes }: KindOfChunks) => ({
  tenantId,
  targetId: targetIdOf(kind.target),
  chunkerVersion: kind.chunkerVersion,
  hashes: [...hashes],
});

const theseChunks = `tenant_id = :tenantId and target_id = :targetId and chunker_version = :chunkerVersion
  and chunk_hash = any(:hashes::text[])`;

/** Lets one call of the tenant claim at a time, until the transaction ends. */
export async function lockClaims(tx: Transaction, tenantId: string): Promise<void> {
  await tx.raw('select pg_advisory_xact_lock(hashtextextended(?, 0))', [`claims ${tenantId}`]);
}

/**
 * Lists those of the chunks that are claimed, and those that are bought, as long as either holds. Claims of the subject's own
 * earlier calls, which have ended or died, are left out.
 */
export async function listPurchases(
  tx: Transaction,
  tenantId: string,
  chunks: KindOfChunks,
  subjectId: string | undefined,
): Promise<{ readonly claimed: ReadonlySet<string>; readonly bought: ReadonlySet<string> }> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select chunk_hash as hash, embedding is not null as bought
       from chunk_purchases
      where ${theseChunks} and expires_at > clock_timestamp()
        and (subject_id is null or subject_id is distinct from :subjectId::uuid)`,
    { ...bindings(tenantId, chunks), subjectId: subjectId ?? null },
  );
  const found = z.array(z.object({ hash: z.string(), bought: z.boolean() })).parse(rows);
  const hashesWhere = (bought: boolean) =>
    new Set(found.filter((row) => row.bought === bought).map(({ hash }) => hash));
  return { claimed: hashesWhere(false), bought: hashesWhere(true) };
}

/** Whether an article of the tenant has a vector of one of the chunks, in the newest space of the kind. */
export async function isAnyStored(tx: Transaction, tenantId: string, chunks: KindOfChunks): Promise<boolean> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select exists (
       select 1 from chunk_vectors
        where tenant_id = :tenantId and chunk_hash = any(:hashes::text[])
          and space_id = (select id from embedding_spaces
                           where tenant_id = :tenantId and target_id = :targetId and chunker_version = :chunkerVersion
                           order by created_at desc limit 1)) as stored`,
    bindings(tenantId, chunks),
  );
  return z.tuple([z.object({ stored: z.boolean() })]).parse(rows)[0].stored;
}

/** Deletes what has expired of these chunks, or is the subject's own. What has expired of others is retention's. */
export async function deleteEnded(
  tx: Transaction,
  tenantId: string,
  chunks: KindOfChunks,
  subjectId: string | undefined,
): Promise<void> {
  await tx.raw(
    `delete from chunk_purchases
      where ${theseChunks} and (expires_at <= clock_timestamp() or subject_id = :subjectId::uuid)`,
    { ...bindings(tenantId, chunks), subjectId: subjectId ?? null },
  );
}

/** Claims those of the chunks that nobody has; returns how many. In one order, so that two calls never wait for each other. */
export async function insertClaims(
  tx: Transaction,
  tenantId: string,
  chunks: KindOfChunks,
  claim: { readonly callId: string; readonly subjectId: string | undefined; readonly leaseMs: number },
): Promise<number> {
  const { rowCount } = await tx.raw<{ rowCount: number }>(
    `insert into chunk_purchases (tenant_id, target_id, chunker_version, chunk_hash, call_id, subject_id, expires_at)
     select :tenantId::uuid, :targetId::text, :chunkerVersion::int, hash, :callId::uuid, :subjectId::uuid,
            clock_timestamp() + :leaseMs * interval '1 millisecond'
       from unnest(:hashes::text[]) as hash order by hash
     on conflict do nothing`,
    { ...bindings(tenantId, chunks), ...claim, subjectId: claim.subjectId ?? null },
  );
  return rowCount;
}

/** Gives up the claims of a call. Those that ran out and were taken by another call are the other's. */
export async function deleteClaims(tx: Transaction, tenantId: string, callId: string): Promise<void> {
  await tx('chunk_purchases').where({ tenant_id: tenantId, call_id: callId }).delete();
}

/** Turns claims into bought vectors, which an article may take over within `keepMs`. */
export async function upsertBought(
  tx: Transaction,
  tenantId: string,
  kind: SpaceKind,
  vectors: ReadonlyMap<string, readonly number[]>,
  keepMs: number,
): Promise<void> {
  await tx.raw(
    `insert into chunk_purchases as p (tenant_id, target_id, chunker_version, chunk_hash, embedding, expires_at)
     select :tenantId::uuid, :targetId::text, :chunkerVersion::int, hash, vector::vector,
            clock_timestamp() + :keepMs * interval '1 millisecond'
       from unnest(:hashes::text[], :vectors::text[]) as b(hash, vector) order by hash
     on conflict (tenant_id, target_id, chunker_version, chunk_hash) do update
       set call_id = null, subject_id = null, embedding = excluded.embedding, expires_at = excluded.expires_at`,
    {
      ...bindings(tenantId, { kind, hashes: [...vectors.keys()] }),
      vectors: [...vectors.values()].map((vector) => pgvector.toSql([...vector])),
      keepMs,
    },
  );
}

/** Finds the dimension of the vectors that were bought of these chunks; undefined when none was. */
export async function findBoughtDimensions(
  tx: Transaction,
  tenantId: string,
  chunks: KindOfChunks,
): Promise<number | undefined> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select vector_dims(embedding) as dimensions from chunk_purchases
      where ${theseChunks} and embedding is not null and expires_at > clock_timestamp() limit 1`,
    bindings(tenantId, chunks),
  );
  return z.array(z.object({ dimensions: z.number() })).parse(rows)[0]?.dimensions;
}

/** Reads the vectors that were bought of these chunks, by chunk hash. They stay. */
export async function listBoughtVectors(
  tx: Transaction,
  tenantId: string,
  chunks: KindOfChunks,
): Promise<Map<string, readonly number[]>> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select chunk_hash as hash, embedding::text as embedding from chunk_purchases
      where ${theseChunks} and embedding is not null and expires_at > clock_timestamp()`,
    bindings(tenantId, chunks),
  );
  const vector = z.string().transform((text) => z.array(z.number()).parse(JSON.parse(text)));
  const found = z.array(z.object({ hash: z.string(), embedding: vector })).parse(rows);
  return new Map(found.map(({ hash, embedding }) => [hash, embedding]));
}

/**
 * Moves the vectors that were bought of these chunks to an article, and drops those of another dimension than the space's. A
 * second article that wants them at the same time waits, and then finds them as the first one's.
 */
export async function moveBought(
  tx: Transaction,
  tenantId: string,
  kind: SpaceKind,
  space: { readonly id: string; readonly dimensions: number },
  article: {
    readonly id: string;
    readonly chunks: readonly PassageOfChunk[];
  },
): Promise<void> {
  await tx.raw(
    `with moved as (
       delete from chunk_purchases
        where ${theseChunks} and embedding is not null
        returning chunk_hash, embedding
     )
     insert into chunk_vectors (tenant_id, space_id, article_id, chunk_hash, text, heading, embedding)
     select :tenantId::uuid, :spaceId::uuid, :articleId::uuid, moved.chunk_hash, c.text, c.heading, moved.embedding
       from moved join unnest(:hashes::text[], :texts::text[], :headings::text[]) as c(hash, text, heading) on c.hash = moved.chunk_hash
      where vector_dims(moved.embedding) = :dimensions
     on conflict do nothing`,
    {
      ...bindings(tenantId, { kind, hashes: article.chunks.map(({ hash }) => hash) }),
      texts: article.chunks.map(({ text }) => text),
      headings: article.chunks.map(({ heading }) => heading),
      spaceId: space.id,
      dimensions: space.dimensions,
      articleId: article.id,
    },
  );
}

/** Deletes the vectors that were bought of these chunks: an article has them. */
export async function deleteBought(tx: Transaction, tenantId: string, chunks: KindOfChunks): Promise<void> {
  await tx.raw(
    `delete from chunk_purchases where ${theseChunks} and embedding is not null`,
    bindings(tenantId, chunks),
  );
}
