/** The kinds of provider that a tenant brings a key for. */
export const providers = ['embedding', 'anthropic'] as const;
export type Provider = (typeof providers)[number];

/** A key as it may cross a boundary: which one, never what it is. */
export interface KeyReference {
  readonly provider: Provider;
  readonly model: string;
  readonly keyVersion: number;
}

/** The settings that name a tenant's models. */
export const modelFields = [
  'embedding_model',
  'extraction_model',
  'classification_model',
  'merge_model',
] as const;
export type ModelField = (typeof modelFields)[number];

/** Where a provider call comes from. */
export const callSources = ['workflow', 'search', 'gate', 'verify'] as const;
export type CallSource = (typeof callSources)[number];

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
  /** While a person waits for the answer. */
  readonly interactive: AttemptTimeout;
  /** Inside a workflow, where nobody waits. */
  readonly background: AttemptTimeout;
  /**
   * Time for one run of the activity around a background attempt. Above the longest attempt, so that a slow provider is
   * classified and does not look like a dead worker.
   */
  readonly startToCloseMs: number;
}

/** A person waits for seconds; a batch on a slow model takes half a minute. */
const attempts = {
  interactive: { defaultMs: 4_000, maxMs: 3_600_000 },
  background: { defaultMs: 30_000, maxMs: 40_000 },
  startToCloseMs: 45_000,
} as const satisfies Pick<OperationTraits, 'interactive' | 'background' | 'startToCloseMs'>;

/**
 * The table of what providers are called for. Configuration, retry policies, the guard, metrics and the ledger derive from
 * it, as everything about failures derives from the table of failures.
 */
const table = {
  embedding: { provider: 'embedding', modelField: 'embedding_model', ...attempts },
  extraction: { provider: 'anthropic', modelField: 'extraction_model', ...attempts },
  classification: { provider: 'anthropic', modelField: 'classification_model', ...attempts },
  merge: { provider: 'anthropic', modelField: 'merge_model', ...attempts },
  // A trial of the key, with the model that most calls use.
  verification: { provider: 'anthropic', modelField: 'extraction_model', ...attempts },
} as const satisfies Record<string, OperationTraits>;

export type CallOperation = keyof typeof table;

/** Every operation, in the order of the table. */
export const callOperations = Object.keys(table).filter((name): name is CallOperation => name in table);

/** The traits of an operation. */
export const operations: Readonly<Record<CallOperation, OperationTraits>> = table;

/** What a tenant without a key cannot do, by the provider whose key it lacks: the `operation` of `llm.blocked_no_api_key`. */
const blockable = {
  embedding: 'embedding',
  search: 'embedding',
  extraction: 'anthropic',
} as const satisfies Record<string, Provider>;

export type BlockableOperation = keyof typeof blockable;
export const blockableOperations = Object.keys(blockable).filter(
  (name): name is BlockableOperation => name in blockable,
);

/** The provider whose key the operation needs. */
export const keyNeededBy: Readonly<Record<BlockableOperation, Provider>> = blockable;
