/** Where a provider call comes from. */
export const callSources = ['workflow', 'search', 'gate', 'verify'] as const;
export type CallSource = (typeof callSources)[number];

/** What a provider call is for: the `operation` of call records, the ledger and the metrics. */
export const callOperations = ['embedding', 'extraction', 'classification', 'merge', 'verification'] as const;
export type CallOperation = (typeof callOperations)[number];

/** What a tenant without a key does without: the `operation` of `llm.blocked_no_api_key`. */
export const blockableOperations = ['embedding', 'search', 'extraction'] as const;
export type BlockableOperation = (typeof blockableOperations)[number];
