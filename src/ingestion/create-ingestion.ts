import type { Audit } from '../audit/service.ts';
import type { Extraction } from '../extraction/extraction.ts';
import type { ProviderKeys } from '../llm-config/provider-keys.ts';
import type { Outbox } from '../outbox/outbox.ts';
import type { SafeFetch } from '../platform/net/safe-fetch.ts';
import type { Database } from '../platform/postgres/database.ts';
import type { Share } from '../platform/shares/share.ts';
import type { Logger } from '../platform/telemetry/logging.ts';
import type { DataKeys } from '../platform/vault/data-keys.ts';
import type { Limits } from '../providers/limits/limits.ts';
import type { BlockedOperations } from '../usage/blocked-operations.ts';
import type { Usage } from '../usage/service.ts';
import type { DocumentReader } from './documents/document.ts';
import { createDocumentReader } from './documents/document-reader.ts';
import { createWaitingJobs, type WaitingJobs } from './jobs/stuck-jobs.ts';
import type { IngestionMetrics } from './metrics.ts';
import { createIngestionService, type Ingestion } from './service.ts';
import { createIngestionSteps, type IngestionSteps } from './steps/steps.ts';

export interface CreateIngestionDeps {
  readonly database: Database;
  readonly audit: Audit;
  readonly outbox: Outbox;
  readonly keys: ProviderKeys;
  readonly limits: Limits;
  readonly usage: Usage;
  readonly blocked: BlockedOperations;
  readonly extraction: Extraction;
  readonly dataKeys: DataKeys;
  readonly safeFetch: SafeFetch;
  readonly metrics: IngestionMetrics;
  readonly log: Logger;
  /** The slots of a worker for work that waits for strangers. */
  readonly slots: Share;
  /** The processes that read documents. */
  readonly documents: Share;
}

export interface IngestionRoom {
  readonly ingestion: Ingestion;
  readonly ingestionSteps: IngestionSteps;
  readonly waitingJobs: WaitingJobs;
  /** Its processes end with this one. */
  readonly reader: DocumentReader;
}

/** Wires the making of articles from documents. */
export function createIngestion(deps: CreateIngestionDeps): IngestionRoom {
  const reader = createDocumentReader({ share: deps.documents });
  return {
    reader,
    ingestion: createIngestionService(deps),
    ingestionSteps: createIngestionSteps({ ...deps, reader }),
    waitingJobs: createWaitingJobs(deps),
  };
}
