/** The status of an article's embedding: the one list of the database, the API and the metrics. */
export const embeddingStatuses = ['not_applicable', 'pending', 'embedded', 'blocked', 'failed'] as const;
export type EmbeddingStatus = (typeof embeddingStatuses)[number];
