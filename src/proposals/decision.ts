import type { ArticleSource } from '../domain/article-text.ts';
import type { Failure, FailureCode } from '../domain/failures.ts';
import { retryTimeOf } from '../domain/retry-time.ts';
import type { Difference } from '../domain/sentences/differences.ts';

/** The verdicts of the proposal gate on a new article. */
export const gateVerdicts = ['duplicate', 'low_novelty', 'novel', 'unknown', 'skipped'] as const;
export type GateVerdict = (typeof gateVerdicts)[number];

/** From this cosine on, two chunks are as near as copies are, whatever the model: its own scale ends here. */
export const nearlyEqualFrom = 0.97;
/** A proposal with at least this similarity to an article becomes a draft, for a person to look at. */
export const lowNoveltyFrom = 0.88;

/** An existing article, and how much of the proposal it says. */
export interface Nearest {
  readonly id: string;
  readonly title: string;
  readonly similarity: number;
}

/** What the author learns about the decision of the gate. */
export interface GateReport {
  readonly verdict: GateVerdict;
  /** Similarity of the nearest article; null when there is none or nothing was compared. */
  readonly similarity: number | null;
  /** Best first. */
  readonly nearest: readonly Nearest[];
  /** Of a draft of low novelty: where it says something else than the article that says most of it. Most telling first. */
  readonly differs?: readonly Difference[];
  /** Why the gate could not decide. */
  readonly reason: FailureCode | null;
  /** When the gate could decide, if that is known. */
  readonly retryAt?: Date;
}

/** The decision of the gate, in the transaction of the write. */
export type Decision =
  /** Nothing is created, because the words stand in the article `of`. */
  | { readonly kind: 'duplicate'; readonly of: string; readonly report: GateReport }
  | {
      readonly kind: 'new';
      readonly report: GateReport & { readonly verdict: Exclude<GateVerdict, 'duplicate'> };
    };

/** What the decision has to know of the proposed article. */
export interface ProposedArticle extends ArticleSource {
  readonly contentHash: string;
  /** The status that the author asks for. */
  readonly status: 'draft' | 'published';
}

/**
 * The verdict on a proposal whose words stand in no article, by the similarity of its nearest one. However high it is, the proposal is
 * created: to a vector another number or a "not" is nothing.
 */
export function verdictOn(similarity: number): Extract<GateVerdict, 'low_novelty' | 'novel'> {
  return similarity >= lowNoveltyFrom ? 'low_novelty' : 'novel';
}

const nothingCompared = { similarity: null, nearest: [] } as const;

/** The decision for an author who skips the gate. */
export const skipped: Decision = {
  kind: 'new',
  report: { verdict: 'skipped', ...nothingCompared, reason: null },
};

/** The decision on a proposal that could not be compared: it is created as asked. */
export function undecided(failure: Failure): Decision {
  const retryAt = retryTimeOf(failure);
  return {
    kind: 'new',
    report: {
      verdict: 'unknown',
      ...nothingCompared,
      reason: failure.code,
      ...(retryAt === null ? {} : { retryAt }),
    },
  };
}
