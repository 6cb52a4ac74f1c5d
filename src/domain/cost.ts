/** What a provider call has cost, as far as it is known. */
export type Cost =
  /** Surely nothing: it was not sent, or it was refused before any work was done for it. */
  | { readonly kind: 'free' }
  /** Paid as told: the answer names its tokens, even if the answer itself cannot be used. */
  | { readonly kind: 'told'; readonly inputTokens: number; readonly outputTokens: number }
  /** Perhaps paid: it was sent, and no word about its tokens came back. It counts as all that it has reserved. */
  | { readonly kind: 'unknown' };

/** The most tokens that a call can cost. */
export interface CostBound {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** Refusals after which a provider may have done the work: it gave up waiting, or its caller seemed to. */
const unsureStatuses: readonly number[] = [408, 499];

/** The cost of a call whose answer tells no usage, by its status (if one came back) and by whether it was sent. */
export function costWithoutUsage({
  sent,
  status,
}: {
  readonly sent: boolean;
  readonly status: number | undefined;
}): Cost {
  if (!sent) return { kind: 'free' };
  // No vendor bills a request that it refuses as wrong, and a redirect is not followed.
  const isRefusal = status !== undefined && status >= 300 && status < 500 && !unsureStatuses.includes(status);
  return { kind: isRefusal ? 'free' : 'unknown' };
}

/**
 * Whether a call can have cost what its answer tells. Vendors count whole tokens, and no request costs more than its
 * bound: a figure beyond it would spend a budget, or overflow one, by a word of the provider.
 */
export function isBelievable(cost: Cost, bound: CostBound): boolean {
  return (
    cost.kind !== 'told' ||
    (isWithin(cost.inputTokens, bound.inputTokens) && isWithin(cost.outputTokens, bound.outputTokens))
  );
}

/** The cost, or `unknown` for one that cannot be believed. */
export function believed(cost: Cost, bound: CostBound): Cost {
  return isBelievable(cost, bound) ? cost : { kind: 'unknown' };
}

const isWithin = (tokens: number, most: number) =>
  Number.isSafeInteger(tokens) && tokens >= 0 && tokens <= most;
