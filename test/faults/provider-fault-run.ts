import type { LimitFunction } from 'p-limit';
import type { TwinStep } from '../support/provider-twin.ts';
import { eventually } from '../support/running-service.ts';
import { type Outcome, readOutcome } from './invariants.ts';
import type { ProviderFault } from './provider-faults.ts';
import type { RealService } from './real-service.ts';
import type { StateLog } from './state-log.ts';
import { callsFor, createFaultTenant, type FaultTenant, publish, search } from './tenants.ts';

/** What a run of the matrix shares: the service, one healthy tenant, and what describes running workflows. */
export interface FaultWorld {
  readonly service: RealService;
  readonly states: StateLog;
  readonly neighbour: FaultTenant;
  /** Few tenants are made at a time: a rush would make the API's signals late, and leave them to the relay. */
  readonly gently: LimitFunction;
  /** Keeps what an operator sees of a workflow while it is in trouble. */
  readonly look: (tenant: FaultTenant, articleId: string) => Promise<void>;
  /** Sends what is waiting, as the schedule would. */
  readonly reconcile: () => Promise<void>;
}

/** Writes an article of the healthy tenant and says whether it was embedded by one call. */
export async function askNeighbour({ service, states, neighbour }: FaultWorld): Promise<string> {
  const { id, title } = await publish(service, neighbour, 'neighbour');
  if (id === undefined) return 'not written';
  const embedded = await states.until(id, 'embedded').then(
    () => true,
    () => false,
  );
  if (!embedded) return 'not embedded';
  const calls = callsFor(service, neighbour, title).length;
  return calls === 1 ? 'embedded' : `embedded by ${calls} calls`;
}

/** A tenant whose first article is embedded: it has vectors to search in. */
export function createSearchableTenant({ service, states, gently }: FaultWorld): Promise<FaultTenant> {
  return gently(async () => {
    const tenant = await createFaultTenant(service);
    const { id } = await publish(service, tenant, 'before');
    if (id === undefined) throw new Error('the first article was not written');
    await states.until(id, 'embedded');
    return tenant;
  });
}

/** One fault of one tenant's provider, from before it to after it. */
export async function runProviderFault(world: FaultWorld, fault: ProviderFault): Promise<Outcome> {
  const { service, states } = world;
  const tenant = await createSearchableTenant(world);
  service.twin.script(tenant.embeddingKey, fault.steps, fault.otherwise);

  const article = await publish(
    service,
    tenant,
    'during',
    fault.body === undefined ? {} : { body: fault.body },
  );
  const { id } = article;
  if (id === undefined) throw new Error('the article was not written');
  await eventually(async () => (callsFor(service, tenant, article.title).length > 0 ? true : undefined));
  const neighbour = askNeighbour(world);
  await states.until(id, fault.during);
  await world.look(tenant, id);
  const question = `question ${id}`;
  const found = await search(service, tenant, question);
  const searchCalls = callsFor(service, tenant, question).length;
  const healthy = await neighbour;

  const { article: path, workflow } = fault.expected;
  if (path.endsWith('embedded')) {
    service.twin.script(tenant.embeddingKey, [], { kind: 'ok' });
    await states.until(id, 'embedded');
  }
  if (workflow !== 'RUNNING') await untilClosed(world, tenant, id);
  return {
    ...(await readOutcome(service, states, tenant, article, fault.lost ?? 0)),
    neighbour: healthy,
    post: String(article.status),
    search: searchCalls === fault.searchCalls ? found : `${found}, by ${searchCalls} calls`,
    // After the outcome is read: it calls the embedding provider too.
    verify: await tryAnthropicKey(service, tenant, fault.steps[0] ?? fault.otherwise),
  };
}

/** What a trial of the Anthropic key says while that vendor does the same. */
async function tryAnthropicKey(service: RealService, tenant: FaultTenant, step?: TwinStep): Promise<string> {
  service.twin.script(tenant.anthropicKey, [], step);
  const { body } = await service.call(tenant.keys.user, 'POST', '/tenants/me/llm-config/verify');
  const { ok, code } = body.data.anthropic;
  return ok ? 'ok' : code;
}

/** Waits until the article's workflow has ended: its last step comes after the article shows its state. */
export async function untilClosed(
  { service }: FaultWorld,
  tenant: FaultTenant,
  articleId: string,
): Promise<void> {
  const handle = service.temporal.workflow.getHandle(`embed-article/${tenant.id}/${articleId}`);
  await eventually(
    async () => ((await handle.describe()).status.name === 'RUNNING' ? undefined : true),
    120_000,
  );
}
