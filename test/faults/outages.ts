import { eventually } from '../support/running-service.ts';
import { canaryKey } from './canaries.ts';
import { type Outcome, readOutcome } from './invariants.ts';
import { askNeighbour, createSearchableTenant, type FaultWorld, untilClosed } from './provider-fault-run.ts';
import {
  callsFor,
  type FaultTenant,
  publish,
  search,
  setKeys,
  untilBacklogIsDone,
  type WrittenArticle,
} from './tenants.ts';

/** A server that everybody needs goes away and comes back. */
export interface Outage {
  readonly name: string;
  readonly expected: Outcome;
  /** Answers how to read the outcome, once the books have been closed. */
  run(world: FaultWorld): Promise<() => Promise<Outcome>>;
}

const wellAfter = {
  workflow: 'COMPLETED embedded',
  calls: 1,
  billed: 1,
  ledger: 1,
  unknown: 0,
  breaker: 'closed 0',
  post: '201',
  verify: '-',
  books: 'balanced',
} as const;

function idOf({ id }: WrittenArticle): string {
  if (id === undefined) throw new Error('the article was not written');
  return id;
}

async function untilDone(world: FaultWorld, tenant: FaultTenant, id: string): Promise<void> {
  await world.states.until(id, 'embedded');
  await untilClosed(world, tenant, id);
}

/** The custody of keys cannot be asked. Who has used its key a moment ago goes on; a new key waits. */
function vaultOutage(
  name: string,
  end: (world: FaultWorld) => Promise<void>,
  begin: (world: FaultWorld) => Promise<void>,
): Outage {
  return {
    name,
    expected: {
      ...wellAfter,
      article: 'pending vault_unavailable → embedded',
      neighbour: 'embedded',
      post: '201, a key 503',
      search: '200 keyword: vault_unavailable',
    },
    async run(world) {
      const { service, states } = world;
      const before = await createSearchableTenant(world);
      const tenant = { ...before, formerKey: before.embeddingKey, embeddingKey: canaryKey() };
      service.canaries.push(tenant.embeddingKey);
      await setKeys(service, tenant, { embedding_api_key: tenant.embeddingKey });
      await untilBacklogIsDone(service, tenant);
      const neighbour = await createSearchableTenant(world);

      await end(world);
      const article = await publish(service, tenant, 'sealed away');
      const id = idOf(article);
      await states.until(id, 'pending vault_unavailable');
      await world.look(tenant, id);
      const found = await search(service, tenant, `question ${id}`);
      const refused = await setKeys(service, tenant, { embedding_api_key: canaryKey() });
      const healthy = await askNeighbour({ ...world, neighbour });
      await begin(world);
      await untilDone(world, tenant, id);
      return async () => ({
        ...(await readOutcome(service, states, tenant, article, 0)),
        neighbour: healthy,
        post: `${article.status}, a key ${refused.status}`,
        search: found,
        verify: '-',
      });
    },
  };
}

export const outages: readonly Outage[] = [
  vaultOutage(
    'Vault gone and back',
    ({ service }) => service.links.vault.cut(),
    ({ service }) => service.links.vault.restore(),
  ),
  vaultOutage(
    'Vault sealed and unsealed',
    ({ service }) => service.openBao.seal(),
    ({ service }) => service.openBao.unseal(),
  ),
  {
    name: 'Temporal gone during a call, and back',
    expected: {
      ...wellAfter,
      article: 'embedded',
      neighbour: 'embedded',
      search: '200 hybrid',
    },
    async run(world) {
      const { service, states } = world;
      const tenant = await createSearchableTenant(world);
      service.twin.script(tenant.embeddingKey, [{ kind: 'ok', delayMs: 1_000 }]);
      const article = await publish(service, tenant, 'during');
      const id = idOf(article);
      await eventually(async () => (callsFor(service, tenant, article.title).length > 0 ? true : undefined));
      await Promise.all([service.links.apiTemporal.cut(), service.links.workerTemporal.cut()]);
      // No server takes its signal: the relay has to send it.
      const later = await publish(service, tenant, 'written without Temporal');
      const found = await search(service, tenant, `question ${id}`);
      const neighbour = askNeighbour(world);
      await states.until(id, 'embedded');
      await Promise.all([service.links.apiTemporal.restore(), service.links.workerTemporal.restore()]);
      await untilClosed(world, tenant, id);
      await world.reconcile();
      await untilDone(world, tenant, idOf(later));
      const healthy = await neighbour;
      return async () => ({
        ...(await readOutcome(service, states, tenant, article, 0)),
        neighbour: healthy,
        post: String(later.status),
        search: found,
        verify: '-',
      });
    },
  },
  {
    name: 'Postgres gone during a call, and back',
    expected: {
      ...wellAfter,
      article: 'embedded',
      ...{ calls: 2, billed: 2, unknown: 1 },
      neighbour: 'embedded',
      post: '503',
      search: '503',
    },
    async run(world) {
      const { service, states } = world;
      const tenant = await createSearchableTenant(world);
      service.twin.script(tenant.embeddingKey, [{ kind: 'ok', delayMs: 1_000 }]);
      const article = await publish(service, tenant, 'during');
      const id = idOf(article);
      await eventually(async () => (callsFor(service, tenant, article.title).length > 0 ? true : undefined));
      await service.links.postgres.cut();
      const refused = await publish(service, tenant, 'written without Postgres');
      const found = await search(service, tenant, `question ${id}`);
      const handle = service.temporal.workflow.getHandle(`embed-article/${tenant.id}/${id}`);
      await eventually(async () => {
        const { raw } = await handle.describe();
        return (raw.pendingActivities ?? []).some(({ lastFailure }) => lastFailure) ? true : undefined;
      });
      await world.look(tenant, id);
      await service.links.postgres.restore();
      const neighbour = askNeighbour(world);
      await untilDone(world, tenant, id);
      const healthy = await neighbour;
      return async () => ({
        ...(await readOutcome(service, states, tenant, article, 1)),
        neighbour: healthy,
        post: String(refused.status),
        search: found,
        verify: '-',
      });
    },
  },
];
