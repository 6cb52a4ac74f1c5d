import type { Database } from '../platform/postgres/database.ts';
import {
  countByStatus,
  listFailures,
  type PipelineCounts,
  type PipelineFailure,
} from './pipeline-read-model.ts';

/** What is under way for a tenant, and what has failed. */
export interface PipelineView {
  readonly counts: PipelineCounts;
  /** The newest first. */
  readonly failures: readonly PipelineFailure[];
}

export interface Pipeline {
  /** Reads only the database: it answers while Temporal, Vault or a provider is away. */
  view(tenantId: string, limit: number): Promise<PipelineView>;
}

/** Creates the view of a tenant's background work. */
export function createPipeline({ database }: { readonly database: Database }): Pipeline {
  return {
    view: (tenantId, limit) =>
      database.withTenant(tenantId, async (tx) => ({
        counts: await countByStatus(tx, tenantId),
        failures: await listFailures(tx, tenantId, limit),
      })),
  };
}
