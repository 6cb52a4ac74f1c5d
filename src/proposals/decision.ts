import type { Failure, FailureCode } from '../domain/failures.ts';
import type { Transaction } from '../platform/postgres/database.ts';
import type { GateVerdict } from './verdicts.ts';

/** An article that is there already, and how much of the proposal it says. */
export interface Nearest {
  readonly id: string;
  readonly title: string;
  readonly similarity: number;
}

/** What the gate said of a proposal, as its author is told. */
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

interface WrittenArticle {
  readonly id: string;
  readonly contentHash: string;
  readonly published: boolean;
}

/** Stores what was paid for with the article that was created. */
export type Keep = (tx: Transaction, article: WrittenArticle) => Promise<void>;

/** The gate's answer inside the transaction of the write. */
export type Judgement =
  /** Nothing is to be created: this article says it. */
  | { readonly kind: 'duplicate'; readonly of: string; readonly report: GateReport }
  | {
      readonly kind: 'new';
      readonly report: GateReport & { readonly verdict: Exclude<GateVerdict, 'duplicate'> };
      readonly keep: Keep;
    };

/** What the judge has to know of the article that is to be created. */
export interface Wanted {
  readonly contentHash: string;
  /** As its author asks for. */
  readonly status: 'draft' | 'published';
}

export type Judge = (tx: Transaction, wanted: Wanted) => Promise<Judgement>;

const keepNothing: Keep = async () => undefined;

/** The judge of an author who does not ask. */
export const skip: Judge = async () => ({
  kind: 'new',
  report: { verdict: 'skipped', similarity: null, nearest: [], reason: null },
  keep: keepNothing,
});

/** The judge of a proposal that could not be compared. */
export function cannotTell({ code, retryAfterMs }: Failure, keep: Keep = keepNothing): Judge {
  const report = {
    verdict: 'unknown' as const,
    similarity: null,
    nearest: [],
    reason: code,
    ...(retryAfterMs === undefined ? {} : { retryAt: new Date(Date.now() + retryAfterMs) }),
  };
  return async () => ({ kind: 'new', report, keep });
}
