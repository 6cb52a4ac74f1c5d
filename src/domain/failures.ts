/**
 * The closed table of failures. Only the code of a failure leaves the process: answers, logs, metrics, Temporal and the
 * database carry codes, never the text of a provider or a library. Everything that depends on the kind of failure (retry
 * policy, breaker, HTTP status, article status) derives from this table.
 */
interface FailureTraits {
  /** Who has to act before a retry can succeed. */
  readonly who: 'tenant' | 'provider' | 'author' | 'operator' | 'nobody';
  /** Whether the tenant's breaker counts it. It counts failures of the provider itself only, such as an outage. */
  readonly countsForBreaker: boolean;
  /** What the workflow does: complete, retry, wait without using an attempt, or fail for good. */
  readonly workflow: 'completes' | 'retries' | 'waits' | 'fails';
  /** The article's embedding status once the workflow has ended, or `pending` while it waits. */
  readonly article: 'blocked' | 'failed' | 'pending';
  readonly httpStatus: number;
  readonly title: string;
}

const table = {
  no_api_key: {
    who: 'tenant',
    countsForBreaker: false,
    workflow: 'completes',
    article: 'blocked',
    httpStatus: 422,
    title: 'The tenant has no API key for this provider',
  },
  provider_unavailable: {
    who: 'provider',
    countsForBreaker: true,
    workflow: 'retries',
    article: 'failed',
    httpStatus: 503,
    title: 'The provider is unavailable',
  },
  provider_timeout: {
    who: 'provider',
    countsForBreaker: true,
    workflow: 'retries',
    article: 'failed',
    httpStatus: 504,
    title: 'The provider did not answer in time',
  },
  provider_rate_limited: {
    who: 'nobody',
    countsForBreaker: false,
    workflow: 'retries',
    article: 'failed',
    httpStatus: 503,
    title: 'The provider is limiting the rate of this key',
  },
  quota_exhausted: {
    who: 'tenant',
    countsForBreaker: false,
    workflow: 'fails',
    article: 'blocked',
    httpStatus: 422,
    title: "The key's quota at the provider is used up",
  },
  credential_rejected: {
    who: 'tenant',
    countsForBreaker: false,
    workflow: 'fails',
    article: 'blocked',
    httpStatus: 422,
    title: 'The provider rejects the API key',
  },
  model_not_found: {
    who: 'tenant',
    countsForBreaker: false,
    workflow: 'fails',
    article: 'blocked',
    httpStatus: 422,
    title: 'The provider does not know the model',
  },
  input_rejected: {
    who: 'author',
    countsForBreaker: false,
    workflow: 'fails',
    article: 'failed',
    httpStatus: 422,
    title: 'The provider rejects the text',
  },
  malformed_response: {
    who: 'provider',
    countsForBreaker: false,
    workflow: 'retries',
    article: 'failed',
    httpStatus: 502,
    title: 'The provider answered in an unexpected shape',
  },
  circuit_open: {
    who: 'nobody',
    countsForBreaker: false,
    workflow: 'waits',
    article: 'pending',
    httpStatus: 503,
    title: "The tenant's breaker for this provider is open",
  },
  budget_exhausted: {
    who: 'tenant',
    countsForBreaker: false,
    workflow: 'fails',
    article: 'blocked',
    httpStatus: 422,
    title: "The tenant's monthly token budget is used up",
  },
  vault_unavailable: {
    who: 'operator',
    countsForBreaker: false,
    workflow: 'retries',
    article: 'failed',
    httpStatus: 503,
    title: 'The key custody is unavailable',
  },
  key_unusable: {
    who: 'operator',
    countsForBreaker: false,
    workflow: 'fails',
    article: 'failed',
    httpStatus: 503,
    title: 'The stored key cannot be opened',
  },
  internal: {
    who: 'operator',
    countsForBreaker: false,
    workflow: 'retries',
    article: 'failed',
    httpStatus: 500,
    title: 'An unexpected error',
  },
} as const satisfies Record<string, FailureTraits>;

export type FailureCode = keyof typeof table;

/** Every code, in the order of the table. */
export const failureCodes = Object.keys(table).filter((name): name is FailureCode => name in table);

/** The traits of a code. */
export const failureTraits: Readonly<Record<FailureCode, FailureTraits>> = table;

/** A failure as services return it: a code, and the wait that the provider or the breaker named, in milliseconds. */
export interface Failure {
  readonly code: FailureCode;
  readonly retryAfterMs?: number;
  /** False where no call was made, because an earlier one was refused or too little is left of a limit: the wait is no try. */
  readonly called?: false;
  /** When an exhausted budget or quota is worth another call. Clients are told; a workflow does not wait that long, it ends and is started again. */
  readonly renewsAt?: Date;
}

/** Whether a value is a code of the table. */
export function isFailureCode(value: unknown): value is FailureCode {
  return typeof value === 'string' && Object.hasOwn(table, value);
}

/** The codes that are not retried: the `nonRetryableErrorTypes` of every retry policy. */
export const nonRetryableCodes: readonly FailureCode[] = failureCodes.filter(
  (code) => failureTraits[code].workflow !== 'retries',
);
