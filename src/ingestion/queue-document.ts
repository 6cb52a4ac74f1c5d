import { randomUUID } from 'node:crypto';
import type { Audit } from '../audit/service.ts';
import type { Actor } from '../domain/actor.ts';
import type { ProviderKeys } from '../llm-config/provider-keys.ts';
import type { Outbox } from '../outbox/outbox.ts';
import type { InTransaction } from '../platform/http/route.ts';
import type { Database, Transaction } from '../platform/postgres/database.ts';
import type { DataKeys } from '../platform/vault/data-keys.ts';
import type { BlockedOperations } from '../usage/blocked-operations.ts';
import { type DocumentRequest, type DocumentToSeal, readDocumentRequest } from './document-request.ts';
import { insertDocument } from './jobs/document-store.ts';
import type { Job } from './jobs/job.ts';
import { findSameJob, insertJob } from './jobs/job-store.ts';
import { createSealing } from './jobs/sealed-document.ts';
import { countUnderWay, lockUnderWay, type UnderWay } from './jobs/under-way-store.ts';
import { maxBytesUnderWay, maxJobsUnderWay } from './limits.ts';

/** The result of a request to make articles of a document. */
export type Queued =
  | { readonly kind: 'queued'; readonly job: Job }
  /** The same content is under way, or has been made articles of: nothing is bought twice. */
  | { readonly kind: 'already_queued' | 'already_completed'; readonly job: Job }
  | { readonly kind: 'no_api_key' | 'url_forbidden' | 'vault_unavailable' }
  /** Articles from an address are never published by themselves. */
  | { readonly kind: 'published_url' }
  | TooMuch;

/** The tenant has as much under way as it may. */
export interface TooMuch {
  readonly kind: 'too_much';
  readonly of: 'jobs' | 'bytes';
}

/**
 * Queues a document: its job, its sealed text, the request for its workflow and the audit row are one transaction. Works while
 * Temporal is away.
 */
export type QueueDocument = (
  actor: Actor,
  request: DocumentRequest,
  afterWrite?: InTransaction<Job>,
) => Promise<Queued>;

/** Creates the queueing of documents. What is cheap to check comes before what costs something. */
export function createQueueDocument(deps: {
  readonly database: Pick<Database, 'withTenant'>;
  readonly keys: Pick<ProviderKeys, 'find'>;
  readonly blocked: BlockedOperations;
  readonly dataKeys: Pick<DataKeys, 'create'>;
  readonly outbox: Pick<Outbox, 'enqueue'>;
  readonly audit: Audit;
}): QueueDocument {
  const { database, keys, blocked, dataKeys, outbox, audit } = deps;

  const findSame = async (
    tx: Transaction,
    tenantId: string,
    { kind, contentHash }: DocumentToSeal,
    { sourceType, publish }: DocumentRequest,
  ): Promise<Queued | undefined> => {
    // A page may have changed since, a text has not.
    const job = await findSameJob(tx, tenantId, { contentHash, sourceType, publish }, kind !== 'url');
    if (job === undefined) return undefined;
    return { kind: job.status === 'completed' ? 'already_completed' : 'already_queued', job };
  };

  return async (actor, request, afterWrite) => {
    const { tenantId } = actor;
    const document = readDocumentRequest(request);
    if (document.kind === 'url_forbidden') return document;
    if (document.kind === 'url' && request.publish) return { kind: 'published_url' };
    const sourceBytes = document.bytes?.length ?? 0;

    const refused = await database.withTenant(tenantId, async (tx): Promise<Queued | undefined> => {
      if ((await keys.find(tx, tenantId, 'anthropic')) === undefined) return { kind: 'no_api_key' };
      const same = await findSame(tx, tenantId, document, request);
      return same ?? tooMuch(await countUnderWay(tx, tenantId), sourceBytes);
    });
    if (refused?.kind === 'no_api_key') await blocked.note(tenantId, 'extraction');
    if (refused !== undefined) return refused;

    const created = await dataKeys.create(tenantId);
    if (created.kind === 'failed') return { kind: created.code };
    const id = randomUUID();
    const sealing = createSealing(created.key, id);
    const sealed = {
      wrappedKey: created.wrapped,
      about: sealing.sealAbout(document.about),
      source: document.bytes === null ? null : sealing.sealSource(document.bytes),
    };

    return database.withTenant(tenantId, async (tx): Promise<Queued> => {
      const underWay = await lockUnderWay(tx, tenantId);
      const same = await findSame(tx, tenantId, document, request);
      const answer = same ?? tooMuch(underWay, sourceBytes);
      if (answer !== undefined) return answer;
      const job = await insertJob(tx, tenantId, {
        ...{ id, sourceKind: document.kind, contentHash: document.contentHash, sourceBytes },
        ...{ sourceType: request.sourceType, publish: request.publish },
        ...{ maxArticles: request.maxArticles, metadata: request.metadata },
        ...{ apiKeyId: actor.keyId, actorLabel: actor.label, actorRole: actor.role },
        actorVia: actor.via ?? null,
      });
      if (job === undefined)
        throw new Error('a job of this content began although begins wait for each other');
      await insertDocument(tx, tenantId, id, sealed);
      await outbox.enqueue(tx, { tenantId, kind: 'ingestion', subjectId: id });
      await audit.append(tx, actor, {
        action: 'ingestion.queued',
        subject: { kind: 'ingestion_job', id },
        details: { source: document.kind, source_type: request.sourceType, publish: request.publish },
      });
      await afterWrite?.(tx, job);
      return { kind: 'queued', job };
    });
  };
}

/** Why a tenant with so much under way may not begin another job; undefined when it may. */
export function tooMuch({ jobs, bytes }: UnderWay, moreBytes: number): TooMuch | undefined {
  if (jobs >= maxJobsUnderWay) return { kind: 'too_much', of: 'jobs' };
  return bytes + moreBytes > maxBytesUnderWay ? { kind: 'too_much', of: 'bytes' } : undefined;
}
