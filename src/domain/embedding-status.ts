/** The statuses of an article's embedding. The database, the API and the metrics share this list. */
export const embeddingStatuses = [
  'not_applicable',
  'pending',
  'embedded',
  'partial',
  'blocked',
  'failed',
] as const;
export type EmbeddingStatus = (typeof embeddingStatuses)[number];
