import { randomUUID } from 'node:crypto';
import pgvector from 'pgvector/knex';
import { expect } from 'vitest';
import { chunkerVersion } from '../../../src/domain/chunks.ts';
import { targetIdOf } from '../../../src/domain/provider-target.ts';
import type { QueryVector } from '../../../src/search/query-embedding.ts';
import { targetOf } from '../../support/targets.ts';
import type { ArticleApi, TestTenant } from '../articles/article-api.ts';

/** Publishes an article as it is given. Answers its id. */
export async function write(tenant: TestTenant, title: string, body: string, fields: object = {}) {
  const { body: answered } = await tenant.call('POST', '/articles', {
    body: { title, body, category: 'finding', force: true, ...fields },
  });
  const id: string = answered.data.id;
  return id;
}

/** A search that is answered with 200. */
export async function search(tenant: TestTenant, query: Record<string, string>) {
  const { status, body } = await ask(tenant, query);
  expect(status).toBe(200);
  return body;
}

/** A search, whatever its answer. */
export function ask(tenant: TestTenant, query: Record<string, string> | string) {
  return tenant.call('GET', `/knowledge/search?${new URLSearchParams(query)}`, {}, 'agent');
}

/** The pages of a search from the cursor on, all of them, and what happens before each but the first. */
export async function readPages(
  tenant: TestTenant,
  query: Record<string, string>,
  between: (page: number) => Promise<unknown> = async () => undefined,
) {
  const pages: Awaited<ReturnType<typeof search>>[] = [];
  let cursor: string | null = null;
  do {
    if (pages.length > 0) await between(pages.length);
    const page: { meta: { next_cursor: string | null } } = await search(tenant, {
      ...query,
      ...(cursor ? { cursor } : {}),
    });
    pages.push(page);
    cursor = page.meta.next_cursor;
  } while (cursor !== null && pages.length < 100);
  return pages;
}

export const titles = (body: { data: { title: string }[] }) => body.data.map(({ title }) => title);

/** A space of the tenant, with 3 dimensions, and a way to give an article vectors for its current text. */
export async function vectorsOf(api: ArticleApi, tenant: TestTenant, options: { serving?: boolean } = {}) {
  const spaceId = randomUUID();
  const within = api.db.database.withTenant;
  const { serving = true } = options;
  await within(tenant.id, (tx) =>
    tx('embedding_spaces').insert({
      tenant_id: tenant.id,
      id: spaceId,
      target_id: targetIdOf(targetOf(serving ? 'm' : 'next')),
      vendor: 'default',
      base_url: 'http://127.0.0.1:9/v1',
      input_style: { kind: 'none' },
      model: serving ? 'm' : 'next',
      dimensions: 3,
      chunker_version: chunkerVersion,
      state: serving ? 'serving' : 'building',
    }),
  );
  const embed = (articleId: string, chunks: Record<string, readonly number[]>) =>
    within(tenant.id, async (tx) => {
      const { content_hash } = await tx('articles').where({ id: articleId }).first('content_hash');
      for (const [text, vector] of Object.entries(chunks)) {
        await tx('chunk_vectors').insert({
          tenant_id: tenant.id,
          article_id: articleId,
          space_id: spaceId,
          chunk_hash: `hash of ${text}`,
          text,
          embedding: pgvector.toSql([...vector]),
        });
      }
      await tx('article_manifests').insert({
        tenant_id: tenant.id,
        article_id: articleId,
        space_id: spaceId,
        content_hash,
        chunk_hashes: Object.keys(chunks).map((text) => `hash of ${text}`),
      });
    });
  const asking = (vector: readonly number[]): QueryVector => ({
    kind: 'vector',
    spaceId,
    model: 'm',
    vector,
  });
  return { spaceId, embed, asking };
}
