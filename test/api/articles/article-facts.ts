import { randomUUID } from 'node:crypto';
import { test as base } from 'vitest';
import type { SearchServiceDeps } from '../../../src/search/service.ts';
import { type ArticleApi, startArticleApi, type TestTenant } from './article-api.ts';

/** Facts about the article and search routes: `api` is shared by the file, `tenant` is new for each fact. */
export const factsOfArticles = (search: Partial<SearchServiceDeps> = {}) =>
  base
    .extend('api', { scope: 'file' }, async ({}, { onCleanup }): Promise<ArticleApi> => {
      const api = await startArticleApi(search);
      onCleanup(() => api.close());
      return api;
    })
    .extend('tenant', ({ api }): Promise<TestTenant> => newTenant(api));

/** A tenant whose name matters to no fact. */
export const newTenant = (api: ArticleApi): Promise<TestTenant> => api.tenant(`t-${randomUUID()}`);
