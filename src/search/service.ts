import type { FailureCode } from '../domain/failures.ts';
import type { QueryEmbeddings, QueryVector } from '../embedding/ports.ts';
import type { BlockedOperations } from '../llm-config/blocked-operations.ts';
import type { ProviderKeys } from '../llm-config/service.ts';
import type { Database, Transaction } from '../platform/postgres.ts';
import { type Fused, fuse, type Source } from './fusion.ts';
import { snippetOf } from './snippet.ts';
import {
  type Coverage,
  type HitArticle,
  rankByKeyword,
  rankByVector,
  readCommonestReason,
  readCoverage,
  readHeadlines,
  readHits,
  readPassages,
  type SearchFilter,
} from './store.ts';

export type SearchMode = 'keyword' | 'semantic' | 'hybrid';

export interface SearchQuery extends SearchFilter {
  readonly q: string;
  readonly mode: SearchMode;
  readonly limit: number;
  /** How many hits come before this page. */
  readonly position: number;
}

export interface Hit extends HitArticle {
  readonly score: number;
  readonly snippet: string;
  readonly matched: readonly Source[];
}

export interface SearchResult {
  readonly hits: readonly Hit[];
  readonly servedMode: SearchMode;
  /** Whether keywords served a search that asked for more. */
  readonly fallback: boolean;
  /** Null also when nothing is wrong: the tenant's first vectors are being made. */
  readonly fallbackReason: FailureCode | null;
  readonly retryAt: Date | null;
  readonly coverage: Coverage;
  /** The position of the next page, if there is one. */
  readonly next?: number;
}

export interface Search {
  /** Searches the tenant's published articles. A provider, a key or the custody that fails costs the vectors, not the answer. */
  search(tenantId: string, query: SearchQuery): Promise<SearchResult>;
}

export interface SearchDeps {
  readonly database: Database;
  readonly queryEmbeddings: QueryEmbeddings;
  readonly providerKeys: Pick<ProviderKeys, 'current'>;
  readonly blocked: BlockedOperations;
}

/** What serves the query, decided before anything is ranked. */
type Served =
  | { readonly by: 'keyword'; readonly reason?: Fallback }
  | { readonly by: 'vector'; readonly spaceId: string; readonly vector: readonly number[] }
  /** No word and no meaning in it: an operator alone, punctuation. */
  | { readonly by: 'nothing' };

type Fallback = { readonly code: FailureCode | null; readonly retryAfterMs?: number };

/** Of each ranking, before they are fused. Constant, so that pages of one search are cut from one order. */
const hybridPool = 200;

/** The deepest place that a cursor names. Who reads on after so many hits wants another query. */
export const maxPosition = 10_000;

/** Search by words, by meaning, and by both. */
export function createSearch({ database, queryEmbeddings, providerKeys, blocked }: SearchDeps): Search {
  const explainMissingVectors = (tenantId: string): Promise<Served> =>
    database.withTenant(tenantId, async (tx) => {
      const key = await providerKeys.current(tx, tenantId, 'embedding');
      if (key === undefined) return { by: 'keyword', reason: { code: 'no_api_key' } };
      const { published } = await readCoverage(tx, tenantId);
      // Nothing is published: there is nothing that vectors would have found.
      if (published === 0) return { by: 'nothing' };
      return { by: 'keyword', reason: { code: (await readCommonestReason(tx, tenantId)) ?? null } };
    });

  const decide = async (tenantId: string, query: SearchQuery): Promise<Served> => {
    if (!/[\p{L}\p{N}\p{So}]/u.test(query.q)) return { by: 'nothing' };
    if (query.mode === 'keyword') return { by: 'keyword' };
    const answer: QueryVector = await queryEmbeddings.embedQuery(tenantId, query.q);
    switch (answer.kind) {
      case 'vector':
        return { by: 'vector', spaceId: answer.spaceId, vector: answer.vector };
      case 'no_vectors':
        return explainMissingVectors(tenantId);
      case 'failed':
        return { by: 'keyword', reason: answer };
      default:
        return answer satisfies never;
    }
  };

  return {
    async search(tenantId, query) {
      const served = await decide(tenantId, query);
      if (served.by === 'keyword' && served.reason?.code === 'no_api_key')
        await blocked.note(tenantId, 'search');
      return database.withTenant(tenantId, async (tx) => {
        const { ranked, passagesOf } = await rank(tx, tenantId, query, served);
        const page = ranked.slice(query.position, query.position + query.limit);
        const reason = served.by === 'keyword' ? served.reason : undefined;
        const end = query.position + page.length;
        return {
          hits: page.length === 0 ? [] : await present(tx, tenantId, page, query.q, passagesOf),
          servedMode: reason ? ('keyword' as const) : query.mode,
          fallback: reason !== undefined,
          fallbackReason: reason?.code ?? null,
          retryAt: reason?.retryAfterMs === undefined ? null : new Date(Date.now() + reason.retryAfterMs),
          coverage: await readCoverage(tx, tenantId),
          ...(ranked.length > end && end <= maxPosition ? { next: end } : {}),
        };
      });
    },
  };
}

type PassagesOf = (ids: readonly string[]) => Promise<Map<string, string>>;

/** All hits in order, as deep as the page needs and one more, and how to read the passages that vectors found. */
async function rank(
  tx: Transaction,
  tenantId: string,
  query: SearchQuery,
  served: Served,
): Promise<{ readonly ranked: readonly Fused[]; readonly passagesOf: PassagesOf }> {
  const none: PassagesOf = async () => new Map();
  if (served.by === 'nothing') return { ranked: [], passagesOf: none };
  const hybrid = served.by === 'vector' && query.mode === 'hybrid';
  const limit = hybrid ? hybridPool : query.position + query.limit + 1;

  const words =
    served.by === 'keyword' || hybrid ? await rankByKeyword(tx, tenantId, { ...query, limit }) : [];
  if (served.by === 'keyword') {
    return { ranked: words.map((hit) => ({ ...hit, matched: ['keyword'] })), passagesOf: none };
  }

  const { spaceId, vector } = served;
  const near = await rankByVector(tx, tenantId, { ...query, spaceId, vector, limit });
  const passagesOf: PassagesOf = (ids) => {
    const wanted = new Set(ids);
    return readPassages(
      tx,
      tenantId,
      spaceId,
      near.filter(({ id }) => wanted.has(id)),
    );
  };
  if (!hybrid) {
    return { ranked: near.map(({ id, score }) => ({ id, score, matched: ['semantic'] })), passagesOf };
  }
  const idsOf = (list: readonly { readonly id: string }[]) => list.map(({ id }) => id);
  const ranked = fuse([
    { source: 'keyword', ids: idsOf(words) },
    { source: 'semantic', ids: idsOf(near) },
  ]);
  return { ranked, passagesOf };
}

/** The page's hits with their snippets: around the words where they matched, else the passage that the vector found. */
async function present(
  tx: Transaction,
  tenantId: string,
  page: readonly Fused[],
  q: string,
  passagesOf: PassagesOf,
): Promise<Hit[]> {
  const byWords = page.filter(({ matched }) => matched.includes('keyword')).map(({ id }) => id);
  const byMeaning = page.filter(({ matched }) => !matched.includes('keyword')).map(({ id }) => id);
  const articles = await readHits(
    tx,
    tenantId,
    page.map(({ id }) => id),
  );
  const passages = new Map([
    ...(byWords.length > 0 ? await readHeadlines(tx, tenantId, byWords, q) : []),
    ...(byMeaning.length > 0 ? await passagesOf(byMeaning) : []),
  ]);
  return page.flatMap(({ id, score, matched }) => {
    const article = articles.get(id);
    return article ? [{ ...article, score, matched, snippet: snippetOf(passages.get(id) ?? '') }] : [];
  });
}
