import { randomUUID } from 'node:crypto';
import { type Chunk, chunkArticle, chunkerVersion } from '../domain/chunks.ts';
import type { ArticleRef, Generated, HashCheck, ResolvedKey } from '../domain/embed-article.ts';
import { type Failure, type FailureCode, failureTraits } from '../domain/failures.ts';
import type { KeyReference } from '../domain/providers.ts';
import type { ProviderKeys } from '../llm-config/service.ts';
import type { Database, Transaction } from '../platform/postgres/database.ts';
import type { GuardedEmbedding } from '../providers/embedding/guarded-embedding.ts';
import type { BlockedOperations } from '../usage/blocked-operations.ts';
import { insertVectors, reuseAndListMissing, upsertManifest } from '../vectors/chunk-store.ts';
import { ensureSpace, findSpace, lockSpaces, type Space } from '../vectors/spaces-store.ts';
import { readArticle } from './article-read-model.ts';
import { cutOverWhenComplete, isServing } from './cut-over.ts';
import type { EmbeddingMetrics } from './metrics.ts';
import { lockState, markEmbedded, markNotEmbedded } from './status-store.ts';

export type Failed = { readonly kind: 'failed' } & Failure;

export interface EmbedArticleDeps {
  readonly database: Database;
  readonly keys: ProviderKeys;
  readonly embedding: GuardedEmbedding;
  readonly blocked: BlockedOperations;
  readonly metrics: Pick<EmbeddingMetrics, 'hashChecked' | 'chunksBought'>;
  /** Chunks in one provider call. */
  readonly batchChunks: number;
  /** One attempt inside a workflow. */
  readonly timeoutMs: number;
}

/** The steps of the walk that the EmbedArticle workflow orders. */
export interface EmbedArticleSteps {
  /** Step 1: a reference to the tenant's key, once it is proved that it opens; the key itself goes nowhere. */
  resolveKey(article: ArticleRef): Promise<ResolvedKey | Failed>;
  /** Step 2: what of the current text has no vector in the tenant's space. Completes an article that lacks none. */
  checkContentHash(article: ArticleRef, key: KeyReference): Promise<HashCheck>;
  /** Step 3: one guarded call for a batch of what is missing; stores it, and completes the article with the last. */
  generate(article: ArticleRef, key: KeyReference, contentHash: string): Promise<Generated | Failed>;
  /** Shows on the article that its workflow has given up, with the code. */
  giveUp(article: ArticleRef, code: FailureCode): Promise<void>;
}

interface Wanted {
  readonly chunks: readonly Chunk[];
  readonly missing: readonly Chunk[];
  readonly space: Space | undefined;
}

/** Makes the steps. All of them may be repeated: what is stored is found again, and nothing is bought twice. */
export function createEmbedArticleSteps(deps: EmbedArticleDeps): EmbedArticleSteps {
  const { database, keys, embedding, blocked, metrics } = deps;

  /** The current chunks of the text, and those without a vector in the model's space. */
  const listWanted = async (
    tx: Transaction,
    { tenantId, articleId }: ArticleRef,
    text: { readonly title: string; readonly body: string },
    model: string,
  ): Promise<Wanted> => {
    const chunks = chunkArticle(text);
    const space = await findSpace(tx, tenantId, { model, chunkerVersion });
    const distinct = new Map(chunks.map((chunk) => [chunk.hash, chunk]));
    if (space === undefined) return { chunks, missing: [...distinct.values()], space };
    const missing = await reuseAndListMissing(tx, tenantId, space.id, articleId, [...distinct.keys()]);
    return { chunks, missing: [...distinct.values()].filter(({ hash }) => missing.has(hash)), space };
  };

  /**
   * Compare-and-set: the article is embedded only if it still is published with the text that the vectors are of, and the
   * tenant still wants their model. In the space of a model that was current, they serve until the new one's is complete.
   */
  const complete = async (
    tx: Transaction,
    { tenantId, articleId }: ArticleRef,
    done: {
      readonly spaceId: string;
      readonly model: string;
      readonly contentHash: string;
      readonly chunks: readonly Chunk[];
    },
  ): Promise<boolean> => {
    const current = await readArticle(tx, tenantId, articleId, 'share');
    if (current?.status !== 'published' || current.content_hash !== done.contentHash) return false;
    await upsertManifest(tx, tenantId, {
      spaceId: done.spaceId,
      articleId,
      contentHash: done.contentHash,
      chunkHashes: done.chunks.map(({ hash }) => hash),
    });
    const alreadyServes = await isServing(tx, tenantId, done.spaceId);
    await lockState(tx, tenantId, articleId);
    if ((await keys.models(tx, tenantId)).embedding_model !== done.model) return false;
    await markEmbedded(tx, tenantId, articleId, {
      spaceId: done.spaceId,
      chunks: done.chunks.length,
      contentHash: done.contentHash,
    });
    if (!alreadyServes) await cutOverWhenComplete(tx, tenantId, done.spaceId);
    return true;
  };

  const showFailure = (article: ArticleRef, status: 'pending' | 'blocked' | 'failed', failure: Failure) =>
    database.withTenant(article.tenantId, (tx) =>
      markNotEmbedded(tx, article.tenantId, article.articleId, {
        status,
        reason: failure.code,
        ...(failure.retryAfterMs === undefined ? {} : { nextAttemptInMs: failure.retryAfterMs }),
      }),
    );

  return {
    async resolveKey(article) {
      const stored = await database.withTenant(article.tenantId, (tx) =>
        keys.current(tx, article.tenantId, 'embedding'),
      );
      if (stored === undefined) {
        await showFailure(article, 'blocked', { code: 'no_api_key' });
        await blocked.note(article.tenantId, 'embedding');
        return { kind: 'no_api_key' };
      }
      if (stored.status === 'rejected') return { kind: 'failed', code: 'credential_rejected' };
      const opened = await keys.openKey(article.tenantId, 'embedding', stored);
      if (opened.kind === 'failed') return failWith(article, opened);
      return {
        kind: 'reference',
        key: { provider: 'embedding', model: stored.model, keyVersion: stored.version },
      };
    },

    async checkContentHash(article, key) {
      let chunksSkipped = 0;
      const check = await database.withTenant(article.tenantId, async (tx): Promise<HashCheck> => {
        const current = await readArticle(tx, article.tenantId, article.articleId, 'none');
        if (current === undefined) return { kind: 'gone' };
        if (current.status !== 'published') return { kind: 'not_published' };
        const { chunks, missing, space } = await listWanted(tx, article, current, key.model);
        chunksSkipped = new Set(chunks.map(({ hash }) => hash)).size - missing.length;
        if (missing.length === 0 && space !== undefined) {
          const { content_hash: contentHash } = current;
          const done = { spaceId: space.id, model: key.model, contentHash, chunks };
          if (await complete(tx, article, done)) return { kind: 'unchanged', chunks: chunks.length };
        }
        return { kind: 'missing', contentHash: current.content_hash, missingChunks: missing.length };
      });
      if (check.kind === 'unchanged' || check.kind === 'missing') {
        metrics.hashChecked({ outcome: check.kind, chunksSkipped });
      }
      return check;
    },

    async generate(article, key, contentHash) {
      const { tenantId, articleId } = article;
      const seen = await database.withTenant(tenantId, async (tx) => {
        const current = await readArticle(tx, tenantId, articleId, 'none');
        if (current?.status !== 'published' || current.content_hash !== contentHash) return undefined;
        return listWanted(tx, article, current, key.model);
      });
      if (seen === undefined) return { kind: 'changed' };

      const { chunks, missing, space } = seen;
      const batch = missing.slice(0, deps.batchChunks);
      const left = missing.length - batch.length;
      if (batch.length === 0 && space !== undefined) {
        // An attempt that died after it had stored everything: nothing is left to buy.
        const completed = await database.withTenant(tenantId, (tx) =>
          complete(tx, article, { spaceId: space.id, model: key.model, contentHash, chunks }),
        );
        return completed ? { kind: 'embedded', chunks: chunks.length, inputTokens: 0 } : { kind: 'changed' };
      }

      const answer = await embedding.embed({
        tenantId,
        source: 'workflow',
        articleId,
        inputs: batch.map(({ text }) => text),
        side: 'passage',
        timeoutMs: deps.timeoutMs,
        expectedModel: key.model,
        ...(space === undefined ? {} : { expectedDimensions: space.dimensions }),
        async persist(tx, vectors) {
          const dimensions = vectors[0]?.length ?? 0;
          if (space === undefined) await lockSpaces(tx, tenantId);
          const spaceId =
            space?.id ??
            (await ensureSpace(tx, tenantId, {
              id: randomUUID(),
              model: key.model,
              dimensions,
              chunkerVersion,
            }));
          const bought = batch.flatMap(({ hash, text }, index) => {
            const vector = vectors[index];
            return vector === undefined ? [] : [{ hash, text, vector }];
          });
          await insertVectors(tx, tenantId, spaceId, articleId, bought);
          if (left > 0) return 'more';
          return (await complete(tx, article, { spaceId, model: key.model, contentHash, chunks }))
            ? 'embedded'
            : 'changed';
        },
      });

      switch (answer.kind) {
        case 'superseded':
          return { kind: 'changed' };
        case 'failed':
          return waitOrFail(article, answer);
        case 'ok': {
          const { inputTokens } = answer;
          metrics.chunksBought(batch.length);
          if (answer.persisted === 'changed') return { kind: 'changed' };
          return answer.persisted === 'more'
            ? { kind: 'more', missingChunks: left, inputTokens }
            : { kind: 'embedded', chunks: chunks.length, inputTokens };
        }
      }
    },

    async giveUp(article, code) {
      const status = failureTraits[code].article;
      await showFailure(article, status === 'pending' ? 'failed' : status, { code });
    },
  };

  /** The breaker, and a budget that is only held back, are waited for; anything else is a failure. */
  async function waitOrFail(article: ArticleRef, failed: Failed): Promise<Generated | Failed> {
    const { code, retryAfterMs } = failed;
    const waits = code === 'circuit_open' || (code === 'budget_exhausted' && retryAfterMs !== undefined);
    if (!waits) return failWith(article, failed);
    await showFailure(article, 'pending', failed);
    return { kind: 'waits', code, retryInMs: retryAfterMs ?? 0 };
  }

  /** A failure that is retried shows why the article is still pending; one that is final is shown by `giveUp`. */
  async function failWith(article: ArticleRef, failed: Failed): Promise<Failed> {
    if (failureTraits[failed.code].workflow === 'retries') await showFailure(article, 'pending', failed);
    return failed;
  }
}
