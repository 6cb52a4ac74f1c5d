/** The kinds of provider for which a tenant stores a key. */
export const providers = ['embedding', 'anthropic'] as const;
export type Provider = (typeof providers)[number];

/** A key reference: it names a key and holds no secret, so it may stand in a log line or a workflow's history. */
export interface KeyReference {
  readonly provider: Provider;
  readonly model: string;
  readonly keyVersion: number;
  /** See `targetIdOf`: which address is asked for which model, and how. */
  readonly targetId: string;
}

/** The settings that name a tenant's models. */
export const modelFields = [
  'embedding_model',
  'rerank_model',
  'extraction_model',
  'classification_model',
  'merge_model',
] as const;
export type ModelField = (typeof modelFields)[number];

/** The sources of provider calls. */
export const callSources = ['workflow', 'search', 'gate', 'verify', 'merge'] as const;
export type CallSource = (typeof callSources)[number];

/** Who waits for a call: a person, for seconds, or a workflow, for as long as a slow provider takes. */
export const callers = ['interactive', 'background'] as const;
export type Caller = (typeof callers)[number];

/** Who waits for the calls of each source. */
export const callerOf: Readonly<Record<CallSource, Caller>> = {
  workflow: 'background',
  search: 'interactive',
  gate: 'interactive',
  verify: 'interactive',
  // A person waits, as long as an answer of some pages takes.
  merge: 'background',
};

/** Time for one attempt at the provider, in milliseconds. */
interface AttemptTimeout {
  readonly defaultMs: number;
  /** The most that an operator may set. */
  readonly maxMs: number;
}

interface OperationTraits {
  readonly provider: Provider;
  /** The setting that names its model. */
  readonly modelField: ModelField;
  /** For a call whose answer a person waits for. */
  readonly interactive: AttemptTimeout;
  /** For a call inside a workflow. */
  readonly background: AttemptTimeout;
  /**
   * Time for one run of the activity around a background attempt, in milliseconds. It is above the longest attempt, so that a
   * slow provider is classified as such and not taken for a dead worker.
   */
  readonly startToCloseMs: number;
}

type Attempts = Pick<OperationTraits, 'interactive' | 'background' | 'startToCloseMs'>;

/** A person waits a few seconds; a batch on a slow model, or an answer of a few words, takes half a minute. */
const short = {
  interactive: { defaultMs: 4_000, maxMs: 3_600_000 },
  background: { defaultMs: 30_000, maxMs: 40_000 },
  startToCloseMs: 45_000,
} as const satisfies Attempts;

/**
 * A model that writes some pages, 8,000 tokens at a hundred a second, takes more than a minute. The most is not far above it, since
 * the death of a worker is noticed only afterwards, and a worker that is told to end waits as long for what is paid for.
 */
const writing = {
  interactive: short.interactive,
  background: { defaultMs: 120_000, maxMs: 150_000 },
  startToCloseMs: 165_000,
} as const satisfies Attempts;

/**
 * The closed table of operations, each a purpose of provider calls. Configuration, retry policies, the guard, metrics and the
 * ledger derive from it, as everything about failures derives from the table of failures.
 */
const table = {
  embedding: { provider: 'embedding', modelField: 'embedding_model', ...short },
  // On the key of the embeddings, at the same vendor.
  rerank: { provider: 'embedding', modelField: 'rerank_model', ...short },
  extraction: { provider: 'anthropic', modelField: 'extraction_model', ...writing },
  classification: { provider: 'anthropic', modelField: 'classification_model', ...short },
  merge: { provider: 'anthropic', modelField: 'merge_model', ...writing },
  // A trial call with the key, with the model that most calls use.
  verification: { provider: 'anthropic', modelField: 'extraction_model', ...short },
} as const satisfies Record<string, OperationTraits>;

export type CallOperation = keyof typeof table;

/** Every operation, in the order of the table. */
export const callOperations = Object.keys(table).filter((name): name is CallOperation => name in table);

/** The traits of an operation. */
export const operations: Readonly<Record<CallOperation, OperationTraits>> = table;

/**
 * What has a breaker and rate limits of its own: each provider, and reranking. A reranker that hangs, or whose rate is used up, must
 * keep no vector from being made on the same key.
 */
export const channels = [...providers, 'rerank'] as const;
export type Channel = (typeof channels)[number];

/** The channel of an operation. */
export const channelOf = (operation: CallOperation): Channel =>
  operation === 'rerank' ? operation : operations[operation].provider;

/** The longest that the activity around any attempt takes, in milliseconds. */
export const longestStartToCloseMs = Math.max(
  ...callOperations.map((operation) => operations[operation].startToCloseMs),
);

/** The time of an attempt in a workflow, in milliseconds. */
export type BackgroundTimeout = (operation: CallOperation) => number;

/** The time of attempts in workflows as the operator sets it for each provider. An operation that takes less has its own most. */
export const backgroundTimeoutOf =
  (configuredMs: Readonly<Record<Provider, number>>): BackgroundTimeout =>
  (operation) =>
    Math.min(configuredMs[operations[operation].provider], operations[operation].background.maxMs);

/** The operations that are blocked without a key, with the provider of that key: the `operation` of `llm.blocked_no_api_key`. */
const blockable = {
  embedding: 'embedding',
  search: 'embedding',
  extraction: 'anthropic',
  classification: 'anthropic',
  merge: 'anthropic',
} as const satisfies Record<string, Provider>;

export type BlockableOperation = keyof typeof blockable;
export const blockableOperations = Object.keys(blockable).filter(
  (name): name is BlockableOperation => name in blockable,
);

/** The provider whose key the operation needs. */
export const keyNeededBy: Readonly<Record<BlockableOperation, Provider>> = blockable;
