import { test as base } from 'vitest';
import type { QueryEmbeddings, QueryVector } from '../../../src/search/query-embedding.ts';
import { type ArticleApi, startArticleApi, type TestTenant } from '../articles/article-api.ts';
import { newTenant } from '../articles/article-facts.ts';

/** The embedding of queries: what it answers, and how often it was asked. */
export interface ScriptedQueries extends QueryEmbeddings {
  answer: QueryVector;
  asked: number;
}

/**
 * Facts about searches whose query vectors a fact scripts: `queries` begins each fact with the first answer, `api` is shared by
 * the file, `tenant` is new for each fact.
 */
export const factsOfSearch = (first: QueryVector = { kind: 'no_vectors' }) =>
  base
    .extend('scripted', { scope: 'file' }, () => scriptedQueries(first))
    .extend('api', { scope: 'file' }, async ({ scripted }, { onCleanup }): Promise<ArticleApi> => {
      const api = await startArticleApi({ queryEmbeddings: scripted });
      onCleanup(() => api.close());
      return api;
    })
    .extend(
      'queries',
      { auto: true },
      ({ scripted }): ScriptedQueries => Object.assign(scripted, { answer: first, asked: 0 }),
    )
    .extend('tenant', ({ api }): Promise<TestTenant> => newTenant(api));

function scriptedQueries(first: QueryVector): ScriptedQueries {
  const queries: ScriptedQueries = {
    answer: first,
    asked: 0,
    async embedQuery() {
      queries.asked += 1;
      return queries.answer;
    },
  };
  return queries;
}
