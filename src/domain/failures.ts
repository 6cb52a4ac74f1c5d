/** Who acts on a failure. */
export const failureActors = ['tenant', 'provider', 'author', 'operator', 'wait'] as const;
export type FailureActor = (typeof failureActors)[number];

/**
 * The closed table of failures. Only the code of a failure leaves the process: answers, logs, metrics, Temporal and the
 * database carry codes, never the text of a provider or a library. Everything that depends on the kind of failure (retry
 * policy, breaker, HTTP status, article status) derives from this table.
 */
interface FailureTraits {
  /** Who has to act before a retry can succeed; `wait` where time alone mends it. */
  readonly who: FailureActor;
  /** What they do, as one sentence for the people of the tenant. It goes out with every code. */
  readonly nextStep: string;
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
    nextStep: "Set a key for this provider in the tenant's provider settings.",
    countsForBreaker: false,
    workflow: 'completes',
    article: 'blocked',
    httpStatus: 422,
    title: 'The tenant has no API key for this provider',
  },
  provider_unavailable: {
    who: 'provider',
    nextStep:
      "Nothing if it passes, since calls are tried again by themselves; if it lasts, look at the provider's status page and, for vectors, check embedding_base_url.",
    countsForBreaker: true,
    workflow: 'retries',
    article: 'failed',
    httpStatus: 503,
    title: 'The provider is unavailable',
  },
  provider_timeout: {
    who: 'provider',
    nextStep:
      "Wait, since calls are tried again by themselves; if it lasts, look at the provider's status page.",
    countsForBreaker: true,
    workflow: 'retries',
    article: 'failed',
    httpStatus: 504,
    title: 'The provider did not answer in time',
  },
  provider_rate_limited: {
    who: 'wait',
    nextStep: 'Wait, since calls go on by themselves; if it lasts, ask the provider for a higher limit.',
    countsForBreaker: false,
    workflow: 'retries',
    article: 'failed',
    httpStatus: 503,
    title: 'The provider is limiting the rate of this key',
  },
  quota_exhausted: {
    who: 'tenant',
    nextStep:
      'Add credit or raise the limit at the provider, then verify the key in the settings, or set another key.',
    countsForBreaker: false,
    workflow: 'fails',
    article: 'blocked',
    httpStatus: 422,
    title: "The key's quota at the provider is used up",
  },
  credential_rejected: {
    who: 'tenant',
    nextStep: 'Set another key, or verify this one in the settings once the provider accepts it again.',
    countsForBreaker: false,
    workflow: 'fails',
    article: 'blocked',
    httpStatus: 422,
    title: 'The provider rejects the API key',
  },
  permission_denied: {
    who: 'tenant',
    nextStep:
      'Allow this key the use at the provider (region, address, model, permission), then verify it in the settings, or set another key.',
    countsForBreaker: false,
    workflow: 'fails',
    article: 'blocked',
    httpStatus: 422,
    title: 'The provider does not permit this use of the API key',
  },
  model_not_found: {
    who: 'tenant',
    nextStep:
      'Choose a model that the provider still has; for vectors, one that embeds, and check embedding_base_url.',
    countsForBreaker: false,
    workflow: 'fails',
    article: 'blocked',
    httpStatus: 422,
    title: 'The provider does not know the model',
  },
  input_rejected: {
    who: 'author',
    nextStep: 'Change or shorten the text that the provider rejects.',
    countsForBreaker: false,
    workflow: 'fails',
    article: 'failed',
    httpStatus: 422,
    title: 'The provider rejects the text',
  },
  malformed_response: {
    who: 'provider',
    nextStep:
      'Choose another model and, for vectors, check embedding_base_url and embedding_dimensions; if they are right, the provider has to mend its answers.',
    countsForBreaker: false,
    workflow: 'retries',
    article: 'failed',
    httpStatus: 502,
    title: 'The provider answered in an unexpected shape',
  },
  circuit_open: {
    who: 'wait',
    nextStep:
      'Wait: calls go on by themselves once the provider answers again, or reset the breaker in the settings if it does already.',
    countsForBreaker: false,
    workflow: 'waits',
    article: 'pending',
    httpStatus: 503,
    title: "The tenant's breaker for this provider is open",
  },
  budget_exhausted: {
    who: 'tenant',
    nextStep: 'Raise the token budget, or wait until it begins anew.',
    countsForBreaker: false,
    workflow: 'fails',
    article: 'blocked',
    httpStatus: 422,
    title: "The tenant's monthly token budget is used up",
  },
  address_forbidden: {
    who: 'tenant',
    nextStep: "Choose another provider or address; the operator's PROVIDER_URLS decides which are allowed.",
    countsForBreaker: false,
    workflow: 'fails',
    article: 'blocked',
    httpStatus: 422,
    title: "The tenant's provider address is not allowed",
  },
  vault_unavailable: {
    who: 'operator',
    nextStep: 'Ask the operator of this service to bring the key custody back; calls go on by themselves.',
    countsForBreaker: false,
    workflow: 'retries',
    article: 'failed',
    httpStatus: 503,
    title: 'The key custody is unavailable',
  },
  key_unusable: {
    who: 'operator',
    nextStep:
      'Ask the operator of this service to restore the transit key; setting the provider key again mends it too.',
    countsForBreaker: false,
    workflow: 'fails',
    article: 'failed',
    httpStatus: 503,
    title: 'The stored key cannot be opened',
  },
  url_forbidden: {
    who: 'author',
    nextStep: 'Give a public http or https address without a user name, or send the text itself.',
    countsForBreaker: false,
    workflow: 'fails',
    article: 'failed',
    httpStatus: 422,
    title: 'The address of the document is not allowed',
  },
  url_unreachable: {
    who: 'author',
    nextStep: 'Check that the address answers with the document, or send the text itself.',
    countsForBreaker: false,
    workflow: 'fails',
    article: 'failed',
    httpStatus: 422,
    title: 'The address of the document does not answer',
  },
  unsupported_content: {
    who: 'author',
    nextStep: 'Send HTML, Markdown, plain text, PDF or DOCX that holds text.',
    countsForBreaker: false,
    workflow: 'fails',
    article: 'failed',
    httpStatus: 422,
    title: 'The document is of a kind that cannot be read',
  },
  document_too_large: {
    who: 'author',
    nextStep: 'Split the document, and send its parts one by one.',
    countsForBreaker: false,
    workflow: 'fails',
    article: 'failed',
    httpStatus: 422,
    title: 'The document is too large',
  },
  answer_refused: {
    who: 'author',
    nextStep: 'Change the text, or choose another model: this one declines to answer.',
    countsForBreaker: false,
    workflow: 'fails',
    article: 'failed',
    httpStatus: 422,
    title: 'The model declines to answer',
  },
  answer_cut: {
    who: 'author',
    nextStep: 'Split the text, since the answer to it is longer than the model may write.',
    countsForBreaker: false,
    workflow: 'fails',
    article: 'failed',
    httpStatus: 422,
    title: 'The answer of the model is cut off',
  },
  // Only ever the reason of a search by keywords: no call ends with it, and no article.
  vectors_pending: {
    who: 'wait',
    nextStep: 'Wait: search by meaning begins once the first vectors are made.',
    countsForBreaker: false,
    workflow: 'waits',
    article: 'pending',
    httpStatus: 503,
    title: 'The first vectors are being made',
  },
  // The same: only ever the reason why a search was not reranked.
  rerank_unsupported: {
    who: 'tenant',
    nextStep:
      'Leave rerank out, or choose an embedding_provider with reranking (cohere, voyage or jina) and set its key.',
    countsForBreaker: false,
    workflow: 'fails',
    article: 'failed',
    httpStatus: 422,
    title: "The tenant's embedding provider has no reranking",
  },
  internal: {
    who: 'operator',
    nextStep: 'Ask the operator of this service to look at its log.',
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

/** Who acts on a code and what they do, as every answer shows it; null without a code of the table. */
export function guidanceOf(code: string | null): {
  readonly who: FailureActor | null;
  readonly next_step: string | null;
} {
  if (!isFailureCode(code)) return { who: null, next_step: null };
  const { who, nextStep } = failureTraits[code];
  return { who, next_step: nextStep };
}

/** The codes that reject a key: no further call is made with it until it is verified or replaced. */
export const keyRejections = ['credential_rejected', 'permission_denied'] as const satisfies FailureCode[];
export type KeyRejection = (typeof keyRejections)[number];

/** Whether a code rejects the key of the call. */
export const isKeyRejection = (code: FailureCode): code is KeyRejection =>
  keyRejections.some((rejection) => rejection === code);

/** Whether a value is a code of the table. */
export function isFailureCode(value: unknown): value is FailureCode {
  return typeof value === 'string' && Object.hasOwn(table, value);
}

/** The codes that are not retried: the `nonRetryableErrorTypes` of every retry policy. */
export const nonRetryableCodes: readonly FailureCode[] = failureCodes.filter(
  (code) => failureTraits[code].workflow !== 'retries',
);
