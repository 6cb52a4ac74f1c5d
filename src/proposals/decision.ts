import type { Failure, FailureCode } from '../domain/failures.ts';
import { retryTimeOf } from '../domain/retry-time.ts';

/** The verdicts of the proposal gate on a new article. */
export const gateVerdicts = ['duplicate', 'low_novelty', 'novel', 'unknown', 'skipped'] as const;
export type GateVerdict = (typeof gateVerdicts)[number];

/** A proposal with at least this similarity to an article is a duplicate. */
export const duplicateFrom = 0.97;
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
  /** Why the gate could not decide. */
  readonly reason: FailureCode | null;
  /** When the gate could decide, if that is known. */
  readonly retryAt?: Date;
}

/** The decision of the gate, in the transaction of the write. */
export type Decision =
  /** Nothing is created, because the article `of` says it already. */
  | { readonly kind: 'duplicate'; readonly of: string; readonly report: GateReport }
  | {
      readonly kind: 'new';
      readonly report: GateReport & { readonly verdict: Exclude<GateVerdict, 'duplicate'> };
    };

/** What the decision has to know of the proposed article. */
export interface ProposedArticle {
  readonly contentHash: string;
  /** The status that the author asks for. */
  readonly status: 'draft' | 'published';
}

/**
 * The verdict on a proposal, by the similarity of its nearest article. Only a comparison of the whole text may make it
 * a duplicate.
 */
export function verdictOn(
  similarity: number,
  ofAllText: boolean,
): Extract<GateVerdict, 'duplicate' | 'low_novelty' | 'novel'> {
  if (similarity >= duplicateFrom && ofAllText) return 'duplicate';
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
