import type { Failure, FailureCode } from '../domain/failures.ts';

/** What the proposal gate says of a new article. */
export const gateVerdicts = ['duplicate', 'low_novelty', 'novel', 'unknown', 'skipped'] as const;
export type GateVerdict = (typeof gateVerdicts)[number];

/** An article that says this much of a proposal makes it a duplicate. */
export const duplicateFrom = 0.97;
/** An article that says this much of it leaves the proposal a draft, for a person to look at. */
export const lowNoveltyFrom = 0.88;

/** An article that is there already, and how much of the proposal it says. */
export interface Nearest {
  readonly id: string;
  readonly title: string;
  readonly similarity: number;
}

/** What the author learns about the gate's work. */
export interface GateReport {
  readonly verdict: GateVerdict;
  /** That of the nearest article; null where there is none, or where nothing was compared. */
  readonly similarity: number | null;
  /** Best first. */
  readonly nearest: readonly Nearest[];
  /** Why it could not tell. */
  readonly reason: FailureCode | null;
  readonly retryAt?: Date;
}

/** The gate's answer inside the transaction of the write. */
export type Decision =
  /** Nothing is to be created: this article says it. */
  | { readonly kind: 'duplicate'; readonly of: string; readonly report: GateReport }
  | {
      readonly kind: 'new';
      readonly report: GateReport & { readonly verdict: Exclude<GateVerdict, 'duplicate'> };
    };

/** What has to be known of the article that is to be created. */
export interface ProposedArticle {
  readonly contentHash: string;
  /** As its author asks for. */
  readonly status: 'draft' | 'published';
}

/** The verdict on a proposal by its nearest article. Only a comparison of the whole text may refuse it. */
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
export function undecided({ code, retryAfterMs }: Failure): Decision {
  return {
    kind: 'new',
    report: {
      verdict: 'unknown',
      ...nothingCompared,
      reason: code,
      ...(retryAfterMs === undefined ? {} : { retryAt: new Date(Date.now() + retryAfterMs) }),
    },
  };
}
