import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Failure, FailureCode } from '../domain/failures.ts';
import { createSharedCache } from '../platform/async/shared-cache.ts';
import { withTimeout } from '../platform/async/with-timeout.ts';
import type { Database } from '../platform/postgres/database.ts';
import type { ProviderMetrics } from '../providers/metrics.ts';
import type { GuardedRerank, Reranker } from '../providers/rerank/guarded-rerank.ts';
import type { Candidate } from './rerank-candidates.ts';

/** The candidates in the reranker's order, by id, or why they keep their own. */
export type Reranked =
  | { readonly kind: 'reranked'; readonly ids: readonly string[] }
  | ({ readonly kind: 'failed' } & Failure);

/** A search whose hits are to be reranked. */
export interface RerankedSearch {
  readonly tenantId: string;
  /** The API key that pays from its daily budget. */
  readonly apiKeyId: string | null;
  readonly query: string;
  /** How long the search has waited already, in milliseconds. */
  readonly waitedMs: number;
}

export interface Reranking {
  /** Asks the tenant's reranker for an order while a person waits, by one guarded call at most. Never throws. */
  order(search: RerankedSearch, candidates: readonly Candidate[]): Promise<Reranked>;
}

export interface RerankingDeps {
  readonly database: Pick<Database, 'withTenant'>;
  readonly rerank: GuardedRerank;
  readonly metrics: Pick<ProviderMetrics, 'callRefused'>;
  /** The limit of the provider call. */
  readonly timeoutMs: number;
  /** The limit of all that a search waits for, the vector of its query included. */
  readonly deadlineMs: number;
}

/** Long enough to read a page again; as long as the vector of its query is remembered. */
const cachedMs = 60_000;
/** The scores that a process remembers: 2,000 searches. */
const maxCachedScores = 100_000;
/** How many refused models are remembered. */
const maxRefused = 1_000;
/** With less time than this a reranker that is well would count as slow. */
const shortestCallMs = 500;

type Scored =
  | { readonly kind: 'scores'; readonly scores: readonly (number | null)[] }
  | { readonly kind: 'superseded' }
  | ({ readonly kind: 'failed' } & Failure);
type Ready = Extract<Reranker, { kind: 'ready' }>;

/** What says the same of every text: a model or a key that does not rerank, until a setting changes. */
const lasting: readonly FailureCode[] = ['model_not_found', 'permission_denied'];

/**
 * Reranking of searches. Scores are remembered for a minute, so that a page that is read again costs no second call; equal
 * searches at the same time share one.
 */
export function createReranking(deps: RerankingDeps): Reranking {
  const { database, rerank, metrics } = deps;
  const remembered = createSharedCache<Scored>({
    ttlMs: cachedMs,
    maxSize: maxCachedScores,
    sizeOf: (answer) => (answer.kind === 'scores' ? answer.scores.length : 0),
    worthKeeping: (answer) => answer.kind === 'scores',
    concernsCallerOnly: (answer) => answer.kind === 'failed' && answer.code === 'budget_exhausted',
  });
  const refused = new LRUCache<string, Failure>({ max: maxRefused, ttl: cachedMs });

  const refuse = (failure: Failure): Scored => {
    const { code } = failure;
    metrics.callRefused({ provider: 'embedding', operation: 'rerank', source: 'search', code });
    return { kind: 'failed', ...failure };
  };

  const buy = async (
    { tenantId, apiKeyId, query, waitedMs }: RerankedSearch,
    reranker: Ready,
    documents: readonly string[],
  ): Promise<Scored> => {
    const timeoutMs = Math.min(deps.timeoutMs, deps.deadlineMs - waitedMs);
    const answer = await rerank.rerank({ tenantId, apiKeyId, query, documents, reranker, timeoutMs });
    switch (answer.kind) {
      case 'ok':
        return { kind: 'scores', scores: answer.persisted };
      case 'failed':
        return answer;
      case 'superseded':
        return { kind: 'superseded' };
      case 'claimed':
        // It claims nothing.
        return { kind: 'failed', code: 'internal' };
      default:
        return answer satisfies never;
    }
  };

  const score = async (search: RerankedSearch, texts: readonly string[]): Promise<Scored> => {
    const { tenantId, query } = search;
    const reranker = await database.withTenant(tenantId, (tx) => rerank.find(tx, tenantId));
    if (reranker.kind === 'refused') return refuse(reranker.failure);
    // A version stands for one key for ever, so nothing is answered for another key, model, address or tenant.
    const asked = [tenantId, reranker.targetId, reranker.keyVersion];
    const known = refused.get(JSON.stringify(asked));
    if (known !== undefined) return refuse(known);
    const documents = rerank.documents(reranker, query, texts);
    const answer = await remembered.get(
      JSON.stringify([...asked, hashOf([query, ...documents])]),
      () => buy(search, reranker, documents),
      search.apiKeyId,
    );
    if (answer.kind === 'failed' && lasting.includes(answer.code))
      refused.set(JSON.stringify(asked), { code: answer.code });
    return answer;
  };

  const scoreNow = async (search: RerankedSearch, texts: readonly string[]): Promise<Scored> => {
    const scored = await score(search, texts);
    // The settings have changed since they were read.
    return scored.kind === 'superseded' ? score(search, texts) : scored;
  };

  return {
    async order(search, candidates) {
      const leftMs = deps.deadlineMs - search.waitedMs;
      if (leftMs < shortestCallMs) return toReranked(candidates, refuse({ code: 'provider_timeout' }));
      const texts = candidates.map(({ text }) => text);
      try {
        // The limit ends this wait only. The call goes on for others who share it, and its scores are remembered.
        const late = { kind: 'failed', code: 'provider_timeout' } as const;
        return toReranked(candidates, await withTimeout(scoreNow(search, texts), leftMs, late));
      } catch {
        return { kind: 'failed', code: 'internal' };
      }
    },
  };
}

function toReranked(candidates: readonly Candidate[], scored: Scored): Reranked {
  switch (scored.kind) {
    case 'scores':
      return { kind: 'reranked', ids: orderByScores(candidates, scored.scores) };
    case 'failed':
      return scored;
    case 'superseded':
      return { kind: 'failed', code: 'internal' };
    default:
      return scored satisfies never;
  }
}

/** The ids by falling score. Those without one keep their order, behind the others; equal scores keep theirs, too. */
export function orderByScores(
  candidates: readonly Pick<Candidate, 'id'>[],
  scores: readonly (number | null)[],
): readonly string[] {
  const scoreAt = (index: number) => scores[index] ?? Number.NEGATIVE_INFINITY;
  return candidates
    .map(({ id }, index) => ({ id, score: scoreAt(index) }))
    .toSorted((left, right) => (left.score === right.score ? 0 : right.score - left.score))
    .map(({ id }) => id);
}

/** Hits in the order of a reranker; those that it was not asked about keep theirs, behind the others. */
export function inOrderOf<Hit extends { readonly id: string }>(
  hits: readonly Hit[],
  reranked: Reranked | undefined,
): readonly Hit[] {
  if (reranked?.kind !== 'reranked') return hits;
  const places = new Map(reranked.ids.map((id, index) => [id, index]));
  const placeOf = ({ id }: Hit) => places.get(id) ?? places.size;
  return hits.toSorted((left, right) => placeOf(left) - placeOf(right));
}

/** Texts may be private, so the cache holds their hash and not their words. */
const hashOf = (texts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(texts)).digest('base64');
