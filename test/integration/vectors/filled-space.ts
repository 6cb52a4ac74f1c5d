import { randomUUID } from 'node:crypto';
import { targetIdOf } from '../../../src/domain/provider-target.ts';
import { targetOf } from '../../support/targets.ts';
import type { TestDatabase } from '../../support/test-database.ts';
import { baseDimensions, cosine } from './clustered-vectors.ts';

export interface FilledArticle {
  readonly id: string;
  readonly chunks: readonly { readonly hash: string; readonly vector: readonly number[] }[];
}

export interface FilledSpace {
  readonly tenantId: string;
  readonly spaceId: string;
  readonly dimensions: number;
  readonly articles: readonly FilledArticle[];
  /** The articles that are truly nearest, computed here. */
  nearest(vector: readonly number[], limit: number, among?: readonly FilledArticle[]): string[];
}

export interface Filling {
  readonly dimensions: number;
  readonly articles: number;
  readonly chunksEach: number;
  readonly vectorOf: () => readonly number[];
  readonly categoryOf?: (article: number) => string;
  readonly tagsOf?: (article: number) => readonly string[];
}

/** A tenant whose published articles have these vectors, written with the owner's login. */
export async function fillSpace(db: TestDatabase, filling: Filling): Promise<FilledSpace> {
  const { dimensions } = filling;
  const tenantId = randomUUID();
  const spaceId = randomUUID();
  await db.rawAsOwner('insert into tenants (id, slug, name) values ($1, $2, $2)', [
    tenantId,
    `t-${tenantId}`,
  ]);
  await db.rawAsOwner(
    `insert into embedding_spaces (tenant_id, id, target_id, vendor, base_url, model, input_style, dimensions, chunker_version, state)
     values ($1, $2, $4, 'default', 'http://127.0.0.1:9/v1', 'a-model', '{"kind":"none"}', $3, 1, 'serving')`,
    [tenantId, spaceId, dimensions, targetIdOf(targetOf('a-model'))],
  );
  const articles = Array.from({ length: filling.articles }, () => {
    const id = randomUUID();
    const chunks = Array.from({ length: filling.chunksEach }, (_, at) => ({
      hash: `${id} ${at}`,
      vector: filling.vectorOf(),
    }));
    return { id, chunks };
  });
  const rows = articles.map(({ id, chunks }, at) => ({
    id,
    category: filling.categoryOf?.(at) ?? 'finding',
    tags: filling.tagsOf?.(at) ?? [],
    hashes: chunks.map(({ hash }) => hash),
  }));
  await db.rawAsOwner(
    `with given as (
       select * from json_to_recordset($3::json) as g (id uuid, category text, tags text[], hashes text[])
     ), written as (
       insert into articles (tenant_id, id, title, body, category, tags, status, content_hash)
       select $1, id, 'A title', 'A body', category, tags, 'published', 'the text' from given
       returning id
     )
     insert into article_manifests (tenant_id, article_id, space_id, content_hash, chunk_hashes)
     select $1, id, $2, 'the text', hashes from given join written using (id)`,
    [tenantId, spaceId, JSON.stringify(rows)],
  );
  await addChunks(db, { tenantId, spaceId, dimensions }, articles);
  return {
    tenantId,
    spaceId,
    dimensions,
    articles,
    nearest: (vector, limit, among = articles) =>
      among
        .map(({ id, chunks }) => ({
          id,
          similarity: Math.max(...chunks.map((each) => cosine(each.vector, vector))),
        }))
        .sort((a, b) => b.similarity - a.similarity)
        .slice(0, limit)
        .map(({ id }) => id),
  };
}

/** Vectors of articles, whether a manifest names them or not. */
export async function addChunks(
  db: TestDatabase,
  space: Pick<FilledSpace, 'tenantId' | 'spaceId' | 'dimensions'>,
  articles: readonly FilledArticle[],
): Promise<void> {
  const chunks = articles.flatMap(({ id, chunks }) => chunks.map((each) => ({ id, ...each })));
  for (let at = 0; at < chunks.length; at += 2_000) {
    const some = chunks.slice(at, at + 2_000);
    await db.rawAsOwner(
      `insert into chunk_vectors (tenant_id, article_id, space_id, chunk_hash, text, embedding)
       select $1, id, $2, hash, 'A passage.', cast('[' || numbers || repeat(',' || numbers, $3) || ']' as vector)
         from unnest($4::uuid[], $5::text[], $6::text[]) as c (id, hash, numbers)`,
      [
        ...[space.tenantId, space.spaceId, space.dimensions / baseDimensions - 1],
        ...[some.map(({ id }) => id), some.map(({ hash }) => hash)],
        some.map(({ vector }) => vector.map((each) => each.toFixed(5)).join()),
      ],
    );
  }
}
