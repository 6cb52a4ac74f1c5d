import { randomUUID } from 'node:crypto';
import type { Actor } from '../../domain/actor.ts';
import type { Failure } from '../../domain/failures.ts';
import { operations } from '../../domain/operations.ts';
import { uncancelled } from '../../platform/async/cancellation.ts';
import type { InTransaction } from '../../platform/http/route.ts';
import type { Database } from '../../platform/postgres/database.ts';
import type { GuardedAnthropic } from '../../providers/anthropic/guarded-anthropic.ts';
import type { BlockedOperations } from '../../usage/blocked-operations.ts';
import type { ArticleWords, WordIndex } from '../../words/word-index.ts';
import type { Article, ArticleStatus, LinkedArticle } from '../article.ts';
import type { WriteRecords } from '../record-write.ts';
import { findArticle } from '../store.ts';
import { createWriteDraft, type MergedText, mergedText } from './merge-draft.ts';
import { areTooLong, maxMergedTokens, mergeAnswer, mergePrompt, mergeSystem } from './merge-question.ts';
import { claimMerge, type Pair, releaseMerge } from './merge-store.ts';

/** The result of a merge. */
export type Merged =
  | { readonly kind: 'merged'; readonly article: LinkedArticle }
  | { readonly kind: 'not_found' }
  /** One of the two is archived. */
  | { readonly kind: 'not_allowed'; readonly status: ArticleStatus }
  /** The pair is being merged already, the tenant has too many merges under way, or its settings have just changed. */
  | { readonly kind: 'busy' }
  /** Nothing was drafted. A code of the failure table, `document_too_large` before anything is paid. */
  | ({ readonly kind: 'failed' } & Failure);

export interface Merging {
  /**
   * Drafts one article from two, by one guarded call that the client waits for. The draft is written in the transaction that ends
   * the call, with `afterWrite`. Both articles stay as they are.
   */
  merge(
    actor: Actor,
    ids: readonly [string, string],
    afterWrite?: InTransaction<LinkedArticle>,
  ): Promise<Merged>;
}

/** Merges of a tenant at the same time. Each holds a request for up to two minutes, and other tenants need requests as well. */
const maxAtOnce = 4;

/** Time for Vault and the transactions around a call, above the time of the call itself. */
const aroundCallMs = 30_000;

/** Creates the merging of articles. */
export function createMerging(deps: {
  readonly database: Database;
  readonly anthropic: Pick<GuardedAnthropic, 'ask'>;
  readonly blocked: BlockedOperations;
  readonly records: Pick<WriteRecords, 'recordWrite'>;
  readonly wordIndex: Pick<WordIndex, 'analyzeIfFree' | 'replace'>;
}): Merging {
  const { database, anthropic, blocked, wordIndex } = deps;
  const writeDraft = createWriteDraft(deps);
  const leaseMs = operations.merge.background.maxMs + aroundCallMs;

  /** Reads both articles and claims the pair, before anything is paid. */
  const begin = (tenantId: string, ids: readonly [string, string], claimId: string) =>
    database.withTenant(
      tenantId,
      async (tx): Promise<{ readonly kind: 'begun'; readonly sources: readonly Article[] } | Merged> => {
        const found = await Promise.all(ids.map((id) => findArticle(tx, tenantId, id)));
        const sources = found.filter((article) => article !== undefined);
        if (sources.length < ids.length) return { kind: 'not_found' };
        if (sources.some(({ status }) => status === 'archived'))
          return { kind: 'not_allowed', status: 'archived' };
        if (areTooLong(sources)) return { kind: 'failed', code: 'document_too_large' };
        const claim = { id: claimId, leaseMs, maxAtOnce };
        const isClaimed = await claimMerge(tx, tenantId, pairOf(ids), claim);
        return isClaimed ? { kind: 'begun', sources } : { kind: 'busy' };
      },
    );

  /** Even for a client that has gone: its next request for the pair should not have to wait for the end of the lease. */
  const release = (tenantId: string, claimId: string) =>
    uncancelled(() => database.withTenant(tenantId, (tx) => releaseMerge(tx, tenantId, claimId)));

  const call = async (
    actor: Actor,
    sources: readonly Article[],
    claimId: string,
    afterWrite: InTransaction<LinkedArticle> | undefined,
  ): Promise<Merged> => {
    const { tenantId } = actor;
    const draftId = randomUUID();
    let merged: { readonly text: MergedText; readonly words: ArticleWords | undefined } | undefined;
    const result = await anthropic.ask({
      tenantId,
      source: 'merge',
      operation: 'merge',
      subjectId: draftId,
      apiKeyId: actor.keyId,
      system: mergeSystem,
      prompt: mergePrompt(sources),
      answer: mergeAnswer,
      maxOutputTokens: maxMergedTokens,
      async prepare(answer) {
        const text = mergedText(sources, answer);
        const words = text && (await wordIndex.analyzeIfFree(tenantId, { ...text, language: null }));
        merged = text && { text, words };
      },
      async persist(tx): Promise<Merged> {
        // First, as another merge of the pair waits for nothing else.
        await releaseMerge(tx, tenantId, claimId);
        if (merged === undefined) return { kind: 'failed', code: 'malformed_response' };
        const article = await writeDraft(tx, actor, draftId, sources, merged);
        await afterWrite?.(tx, article);
        return { kind: 'merged', article };
      },
    });
    switch (result.kind) {
      case 'ok':
        return result.persisted;
      case 'superseded':
      case 'claimed':
        return { kind: 'busy' };
      case 'failed': {
        const { hint: _, ...failed } = result;
        if (failed.code === 'no_api_key') await blocked.note(tenantId, 'merge');
        return failed;
      }
      default:
        return result satisfies never;
    }
  };

  return {
    async merge(actor, ids, afterWrite) {
      const claimId = randomUUID();
      const begun = await begin(actor.tenantId, ids, claimId);
      if (begun.kind !== 'begun') return begun;
      const merged = await call(actor, begun.sources, claimId, afterWrite);
      if (merged.kind !== 'merged') await release(actor.tenantId, claimId);
      return merged;
    },
  };
}

const pairOf = ([a, b]: readonly [string, string]): Pair => (a < b ? [a, b] : [b, a]);
