import { randomUUID } from 'node:crypto';
import { embedBacklogWorkflowId } from '../../src/domain/temporal-names.ts';
import { eventually } from '../support/running-service.ts';
import { canaryKey } from './canaries.ts';
import type { Answer, RealService } from './real-service.ts';

/** A tenant of the matrix, made and used over HTTP alone. */
export interface FaultTenant {
  readonly id: string;
  readonly embeddingKey: string;
  /** The embedding key that it had before. */
  readonly formerKey?: string;
  readonly anthropicKey: string;
  readonly keys: Readonly<Record<'agent' | 'orchestrator' | 'user', string>>;
}

export interface WrittenArticle {
  /** Undefined where the write was not answered. */
  readonly id: string | undefined;
  readonly title: string;
  readonly status: number;
}

/** Makes a tenant with two keys that nobody else has. */
export async function createFaultTenant(service: RealService): Promise<FaultTenant> {
  const slug = `t-${randomUUID()}`;
  const created = await service.call(service.adminKey, 'POST', '/admin/tenants', { slug, name: slug });
  if (created.status !== 201) throw new Error(`the tenant was not made: ${JSON.stringify(created)}`);
  const { tenant, keys } = created.body.data;
  const fault = { id: tenant.id, keys, embeddingKey: canaryKey(), anthropicKey: canaryKey() };
  service.canaries.push(fault.embeddingKey, fault.anthropicKey);
  await setKeys(service, fault, { embedding_api_key: fault.embeddingKey, api_key: fault.anthropicKey });
  await untilBacklogIsDone(service, fault);
  return fault;
}

/** A new key wakes every article that is not embedded, also one that is written a moment after it. */
export async function untilBacklogIsDone(service: RealService, { id }: FaultTenant): Promise<void> {
  await eventually(async () => {
    const { rowCount } = await service.owner.query('select 1 from outbox where tenant_id = $1', [id]);
    if (rowCount !== 0) return undefined;
    const { status } = await service.temporal.workflow.getHandle(embedBacklogWorkflowId(id)).describe();
    return status.name === 'RUNNING' ? undefined : true;
  });
}

/** Sets keys as a client does. */
export async function setKeys(
  service: RealService,
  tenant: FaultTenant,
  keys: { readonly embedding_api_key?: string; readonly api_key?: string },
): Promise<Answer> {
  return service.call(tenant.keys.user, 'PATCH', '/tenants/me/llm-config', keys);
}

/**
 * Publishes an article whose title is its own; the same again where it has an idempotency key. Its workflow is to pay, unless
 * the gate is asked.
 */
export async function publish(
  service: RealService,
  tenant: FaultTenant,
  word: string,
  options: { readonly body?: string; readonly idempotencyKey?: string; readonly asksGate?: boolean } = {},
): Promise<WrittenArticle> {
  const title = options.idempotencyKey ?? `${word} ${randomUUID()}`;
  const { status, body } = await service.call(
    tenant.keys.agent,
    'POST',
    '/articles',
    { title, body: options.body ?? 'Some text.', category: 'finding', force: options.asksGate !== true },
    options.idempotencyKey,
  );
  return { id: body?.data?.id, title, status };
}

/** A search by words and meaning. Returns `200 hybrid` or as `200 keyword: <reason>`. */
export async function search(service: RealService, tenant: FaultTenant, q: string): Promise<string> {
  const { status, body } = await service.call(
    tenant.keys.agent,
    'GET',
    `/knowledge/search?q=${encodeURIComponent(q)}`,
  );
  if (status !== 200) return String(status);
  const { served_mode, fallback_reason } = body.meta;
  return fallback_reason === null ? `200 ${served_mode}` : `200 ${served_mode}: ${fallback_reason}`;
}

/** The requests that came with the tenant's keys. */
export function callsOf({ twin }: RealService, { embeddingKey, formerKey }: FaultTenant) {
  return [...(formerKey === undefined ? [] : twin.callsOf(formerKey)), ...twin.callsOf(embeddingKey)];
}

/** Those for texts with this title, or for this query. */
export function callsFor(service: RealService, tenant: FaultTenant, text: string) {
  return callsOf(service, tenant).filter(({ inputs }) => inputs.some((input) => input.includes(text)));
}
