/** The services behind the activities of the ingestion of documents. */
export type IngestionDeps = object;

/** The activities of the ingestion of documents. */
export type IngestionActivities = object;

/** Creates the activities of the ingestion of documents. */
export function createIngestionActivities(_deps: IngestionDeps): IngestionActivities {
  return {};
}
