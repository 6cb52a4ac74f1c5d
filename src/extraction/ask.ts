import type { Database } from '../platform/postgres/database.ts';
import type { GuardedAnthropic } from '../providers/anthropic/guarded-anthropic.ts';
import type { Claim } from '../providers/call.ts';
import { answerSchema, countValid, sealAnswer } from './answer.ts';
import { claimPassage, findAnswer, releasePassage, storeAnswer, storeUnusable } from './answer-store.ts';
import type { Asked, Extraction, Passage } from './extraction.ts';
import { questionAbout } from './question.ts';

export interface AskDeps {
  readonly database: Pick<Database, 'withTenant'>;
  readonly anthropic: Pick<GuardedAnthropic, 'ask'>;
  /** Time for one attempt at the provider, in milliseconds. */
  readonly timeoutMs: number;
}

/** An article of a page, and the JSON around it. */
const tokensPerArticle = 1_000;
/** Below what every model may write, and what one writes well within the time of an attempt. */
const maxOutputTokens = 8_000;

/** Creates the question about a passage: a stored answer where there is one, else one that is bought and stored. */
export function createAsk({ database, anthropic, timeoutMs }: AskDeps): Extraction['ask'] {
  /** The outcome that stands in the database; undefined where a call is to be made, or is under way. */
  const settled = async (passage: Passage): Promise<Asked | undefined> => {
    const { tenantId } = passage.subject;
    const stored = await database.withTenant(tenantId, (tx) => findAnswer(tx, tenantId, passage));
    switch (stored?.kind) {
      case undefined:
        return undefined;
      case 'answered':
        return { kind: 'ok', answer: stored };
      case 'unusable':
        return stored.final ? { kind: 'failed', code: stored.code, called: false, final: true } : undefined;
      default:
        return stored satisfies never;
    }
  };

  return async ({ passage, key, text, maxArticles, apiKeyId }) => {
    const before = await settled(passage);
    if (before !== undefined) return before;
    const { subject } = passage;
    const { tenantId } = subject;
    const result = await anthropic.ask({
      ...{ tenantId, source: 'workflow', operation: 'extraction', subjectId: subject.id, apiKeyId },
      ...questionAbout(subject.kind, text, maxArticles),
      answer: answerSchema,
      maxOutputTokens: Math.min(maxOutputTokens, (maxArticles + 1) * tokensPerArticle),
      timeoutMs,
      claim: claimOn(passage, timeoutMs + aroundAttemptMs),
      persist: (tx, { value, inputTokens, outputTokens }) =>
        storeAnswer(tx, tenantId, passage, {
          sealed: sealAnswer(key, passage, value, maxArticles),
          articles: countValid(value, maxArticles),
          ...{ inputTokens, outputTokens },
        }),
      persistUnusable: (tx, code, tokens) => storeUnusable(tx, tenantId, passage, code, tokens),
    });
    switch (result.kind) {
      case 'ok':
        return { kind: 'ok', answer: result.persisted };
      case 'claimed':
      case 'superseded':
        // The other call may have ended meanwhile.
        return (await settled(passage)) ?? { kind: 'claimed' };
      case 'failed': {
        const { hint: _, ...failure } = result;
        const after = await settled(passage);
        return { ...failure, final: after?.kind === 'failed' };
      }
      default:
        return result satisfies never;
    }
  };
}

/**
 * Time for Vault, the transactions and the pauses before a result is stored again. With the longest attempt it makes a lease that
 * ends before Temporal notices a dead worker, so that the next run of the activity finds the passage free.
 */
const aroundAttemptMs = 12_000;

/** The claim of a call on its passage. */
function claimOn(passage: Passage, leaseMs: number): Claim {
  const { tenantId } = passage.subject;
  return {
    take: (tx, { callId }) => claimPassage(tx, tenantId, passage, { callId, leaseMs }),
    release: (tx, callId) => releasePassage(tx, tenantId, passage, callId),
  };
}
