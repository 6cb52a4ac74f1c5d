import type { FailureCode } from '../domain/failures.ts';
import { type NearArticle, nearestArticles } from '../embedding/nearest.ts';
import type { QueryEmbeddings, QueryVector } from '../embedding/ports.ts';
import type { BlockedOperations } from '../llm-config/blocked-operations.ts';
import type { ProviderKeys } from '../llm-config/service.ts';
import type { Database, Transaction } from '../platform/postgres.ts';
import { type Coverage, readCommonestReason, readCoverage } from './coverage-store.ts';
import { type Fused, fuse, matchedIn, type Ranks, type Source } from './fusion.ts';
import { type KeywordRanking, rankByKeyword } from './keyword.ts';
import { leastWholeScore, listUnknownTags } from './keyword-store.ts';
import {
  maxShown,
  type Place,
  readShown,
  type SearchMode,
  type SearchText,
  shownName,
  writeShown,
} from './place.ts';
import { snippetOf } from './snippet.ts';
import { type HitArticle, readHeadlines, readHits, readPassages } from './store.ts';

export interface SearchQuery extends SearchText {
  readonly limit: number;
  /** Where the page before ended. */
  readonly place?: Place | undefined;
}

export interface Hit extends HitArticle {
  readonly score: number;
  readonly snippet: string;
  readonly matched: readonly Source[];
  readonly ranks: Ranks;
}

/** A page of hits, and what the search did. */
export interface Found {
  readonly kind: 'found';
  readonly hits: readonly Hit[];
  readonly servedMode: SearchMode;
  /** Whether keywords served a search that asked for more. */
  readonly fallback: boolean;
  /** Null also when nothing is wrong: the tenant's first vectors are being made. */
  readonly fallbackReason: FailureCode | null;
  readonly retryAt: Date | null;
  readonly coverage: Coverage;
  /** Where the next page begins, if there is one. */
  readonly next?: Place;
}

export type SearchResult =
  | Found
  /** Nothing was found, and these tags are on no published article of the tenant. */
  | { readonly kind: 'unknown_tags'; readonly tags: readonly string[] };

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

/** Of each ranking, before they are fused: deep enough for an article that is far down in one and high up in the other. */
const hybridPool = 200;

/**
 * What the place of an article that has only some of the words counts in the fusion. Such a place is a hint: with more, one
 * shared word lifts an article over those that say what was meant. Tried on the judged queries of the samples.
 */
const partWeight = 0.05;

/** Why keywords serve what asked for more. */
interface Fallback {
  readonly code: FailureCode | null;
  readonly retryAt: Date | null;
}

type Vector = Extract<QueryVector, { kind: 'vector' }>;

/** Search by words, by meaning, and by both. */
export function createSearch({ database, queryEmbeddings, providerKeys, blocked }: SearchDeps): Search {
  /** Why there are no vectors at all; undefined where nothing is published that vectors could find. */
  const explainMissingVectors = async (
    tx: Transaction,
    tenantId: string,
    { published }: Coverage,
  ): Promise<Fallback | undefined> => {
    const key = await providerKeys.current(tx, tenantId, 'embedding');
    if (key === undefined) return { code: 'no_api_key', retryAt: null };
    if (published === 0) return undefined;
    return { code: (await readCommonestReason(tx, tenantId)) ?? null, retryAt: null };
  };

  return {
    async search(tenantId, query) {
      const { mode, place, limit } = query;
      const shown = readShown(place);
      const pinned = place?.served === 'keyword';
      const byKeyword = () =>
        database.withTenant(tenantId, (tx) =>
          rankByKeyword(tx, tenantId, {
            ...query,
            limit: shown.size + (mode === 'hybrid' && !pinned ? hybridPool : limit + 1),
            plan: place?.keyword?.plan,
            after: place?.keyword?.after,
          }),
        );
      // Words are ranked while the provider is asked, on a connection of their own that waits for nobody: a breaker that is
      // open, or a provider that answers late, costs the person nothing more. By meaning alone they are seldom needed.
      const [answer, early] = await Promise.all([
        mode === 'keyword' || pinned ? undefined : queryEmbeddings.embedQuery(tenantId, query.q),
        mode === 'semantic' && !pinned ? undefined : byKeyword(),
      ]);
      const vector = answer?.kind === 'vector' ? answer : undefined;
      const words = vector === undefined ? (early ?? (await byKeyword())) : early;

      const result = await database.withTenant(tenantId, async (tx): Promise<SearchResult> => {
        const [coverage, ranking] = await Promise.all([
          readCoverage(tx, tenantId),
          vector === undefined
            ? rankedByWords(words, place?.keyword?.before ?? 0)
            : rankWithVector(tx, tenantId, query, vector, words, shown.size),
        ]);
        const fallback = pinned
          ? pinnedFallback(place)
          : answer?.kind === 'failed'
            ? {
                code: answer.code,
                retryAt: answer.retryAfterMs === undefined ? null : inMs(answer.retryAfterMs),
              }
            : answer?.kind === 'no_vectors'
              ? await explainMissingVectors(tx, tenantId, coverage)
              : undefined;
        const servedMode = fallback === undefined ? mode : 'keyword';

        const left = ranking.fused.filter(({ id }) => !shown.has(shownName(id)));
        const page = left.slice(0, limit);
        if (page.length === 0 && place === undefined && query.tags !== undefined && query.tags.length > 0) {
          const tags = await listUnknownTags(tx, tenantId, query.tags);
          if (tags.length > 0) return { kind: 'unknown_tags', tags };
        }
        const next =
          left.length > limit ? placeAfter({ page, servedMode, fallback, words, vector, shown }) : undefined;
        return {
          kind: 'found',
          hits: await present(tx, tenantId, page, ranking),
          servedMode,
          fallback: fallback !== undefined,
          fallbackReason: fallback?.code ?? null,
          retryAt: fallback?.retryAt ?? null,
          coverage,
          ...(next && { next }),
        };
      });
      const keyless = !pinned && result.kind === 'found' && result.fallbackReason === 'no_api_key';
      if (keyless) await blocked.note(tenantId, 'search');
      return result;
    },
  };
}

/** All hits in order, deeper than the page needs, and where their snippets come from. */
interface Ranking {
  readonly fused: readonly Fused[];
  /** The tsquery that marks the words of the query. */
  readonly marks: string | undefined;
  readonly passages?: { readonly spaceId: string; readonly near: readonly NearArticle[] };
}

function rankedByWords(words: KeywordRanking | undefined, before: number): Ranking {
  const fused = (words?.ranked ?? []).map(({ id, score }, index) => ({
    id,
    score,
    ranks: { keyword: before + index + 1, semantic: null },
  }));
  return { fused, marks: words?.marks };
}

async function rankWithVector(
  tx: Transaction,
  tenantId: string,
  { mode, limit, category, tags, tagsMatch }: SearchQuery,
  { spaceId, vector }: Vector,
  words: KeywordRanking | undefined,
  shown: number,
): Promise<Ranking> {
  const near = await nearestArticles(tx, tenantId, {
    spaceId,
    vector,
    limit: shown + (mode === 'hybrid' ? hybridPool : limit + 1),
    filter: { category, tags, tagsMatch },
  });
  const passages = { spaceId, near };
  if (mode !== 'hybrid') {
    const fused = near.map(({ articleId: id, similarity: score }, index) => ({
      id,
      score,
      ranks: { keyword: null, semantic: index + 1 },
    }));
    return { fused, marks: undefined, passages };
  }
  const fused = fuse([
    {
      source: 'keyword',
      hits: (words?.ranked ?? []).map(({ id, score }) => ({
        id,
        weight: score >= leastWholeScore ? 1 : partWeight,
      })),
    },
    { source: 'semantic', hits: near.map(({ articleId: id }) => ({ id })) },
  ]);
  return { fused, marks: words?.marks, passages };
}

/** Where the next page begins. Undefined when a search by meaning has shown all that it shows. */
function placeAfter(of: {
  readonly page: readonly Fused[];
  readonly servedMode: SearchMode;
  readonly fallback: Fallback | undefined;
  readonly words: KeywordRanking | undefined;
  readonly vector: Vector | undefined;
  readonly shown: ReadonlySet<string>;
}): Place | undefined {
  const { page, servedMode, fallback, words, shown } = of;
  const last = page.at(-1);
  if (last === undefined) return undefined;
  if (of.vector !== undefined) {
    const now = [...shown, ...page.map(({ id }) => shownName(id))];
    return now.length > maxShown - 1 ? undefined : { served: servedMode, shown: writeShown(now) };
  }
  if (words === undefined || last.ranks.keyword === null) return undefined;
  return {
    served: 'keyword',
    ...(fallback && { fallback: { code: fallback.code, retryAt: fallback.retryAt?.toISOString() ?? null } }),
    keyword: {
      after: { id: last.id, score: last.score },
      before: last.ranks.keyword,
      plan: words.plan,
    },
    ...(shown.size > 0 && { shown: writeShown(shown) }),
  };
}

/** What the first page that keywords had to serve has said. */
function pinnedFallback(place: Place): Fallback | undefined {
  if (place.fallback === undefined) return undefined;
  const { code, retryAt } = place.fallback;
  return { code, retryAt: retryAt === null ? null : new Date(retryAt) };
}

const inMs = (ms: number) => new Date(Date.now() + ms);

/**
 * The page's hits with their snippets: around the words where they matched, else the passage that the vector found. An article
 * that has been taken back since it was ranked is left out.
 */
async function present(
  tx: Transaction,
  tenantId: string,
  page: readonly Fused[],
  { marks, passages }: Ranking,
): Promise<Hit[]> {
  if (page.length === 0) return [];
  const ids = page.map(({ id }) => id);
  const byWords = page.filter(({ ranks }) => ranks.keyword !== null).map(({ id }) => id);
  const byMeaning = new Set(page.filter(({ ranks }) => ranks.keyword === null).map(({ id }) => id));
  const nearest = passages?.near.filter(({ articleId }) => byMeaning.has(articleId)) ?? [];
  const [articles, headlines, chunks] = await Promise.all([
    readHits(tx, tenantId, ids),
    marks === undefined || byWords.length === 0 ? undefined : readHeadlines(tx, tenantId, byWords, marks),
    passages === undefined || nearest.length === 0
      ? undefined
      : readPassages(tx, tenantId, passages.spaceId, nearest),
  ]);
  return page.flatMap(({ id, score, ranks }) => {
    const article = articles.get(id);
    if (article === undefined) return [];
    const passage = headlines?.get(id) ?? chunks?.get(id) ?? '';
    return [{ ...article, score, ranks, matched: matchedIn(ranks), snippet: snippetOf(passage) }];
  });
}
