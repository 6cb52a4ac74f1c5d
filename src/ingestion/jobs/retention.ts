import { retentionOf } from '../../platform/retention/expired-rows-store.ts';
import { documentKeptMs } from '../limits.ts';

/** The end of the documents of ended jobs that were kept for a retry. */
export const documentRetention = retentionOf({
  table: 'ingestion_documents',
  keptMs: documentKeptMs,
  since: 'ended_at',
  where: 'r.ended_at is not null',
});
