import { randomUUID } from 'node:crypto';
import { eventually } from '../support/running-service.ts';
import { canaryKey } from './canaries.ts';
import type { GatePlace, Gates } from './gates.ts';
import { type Outcome, readOutcome } from './invariants.ts';
import { askNeighbour, type FaultWorld, untilClosed } from './provider-fault-run.ts';
import { callsFor, type FaultTenant, publish, search, setKeys } from './tenants.ts';

/** A process that is killed while it does something for one tenant. */
export interface KillCase {
  readonly name: string;
  readonly expected: Outcome;
  /** Whether it takes a server from the process, and thus has to wait for the other cases. */
  readonly last?: boolean;
  /** Brings the process to the place with something that a tenant does, and answers once it is there. */
  stand(world: FaultWorld, gates: Gates, tenant: FaultTenant): Promise<Standing>;
}

/** A tenant whose process stands where it will be killed. */
export interface Standing {
  /** While nobody does that process's work. */
  readonly meanwhile: () => Promise<void>;
  /** Once another process has taken over; resolves when all is done again. */
  readonly recover: () => Promise<void>;
  readonly read: () => Promise<Outcome>;
}

const wellAfter: Outcome = {
  article: 'embedded',
  workflow: 'COMPLETED embedded',
  calls: 1,
  billed: 1,
  ledger: 1,
  unknown: 0,
  breaker: 'closed 0',
  neighbour: 'embedded',
  post: '201',
  search: '200 hybrid',
  verify: '-',
  books: 'balanced',
};

const reached = (look: () => Promise<boolean>) =>
  eventually(async () => ((await look()) ? true : undefined), 60_000);

/** Stops the worker on its way with a new article, and asks search and POST while it is dead. */
function workerCase(
  name: string,
  more: {
    readonly gate?: GatePlace;
    readonly hangs?: boolean;
    readonly halfOpen?: boolean;
    readonly lost?: number;
    readonly expected?: Partial<Outcome>;
  },
): KillCase {
  return {
    name: `worker killed ${name}`,
    expected: { ...wellAfter, ...more.expected },
    async stand(world, gates, tenant) {
      const { service, states } = world;
      if (more.halfOpen) {
        await service.owner.query(
          `insert into breakers (tenant_id, provider, key_version, opened_times, open_until)
           values ($1, 'embedding', 1, 1, now() - interval '1 second')`,
          [tenant.id],
        );
      }
      if (more.hangs) service.twin.script(tenant.embeddingKey, [{ kind: 'hang' }]);
      const gate = more.gate && (await gates.close('lorekeep-worker', tenant.id, more.gate));
      const article = await publish(service, tenant, 'under way');
      if (article.id === undefined) throw new Error('the article was not written');
      const { id } = article;
      await reached(async () =>
        gate === undefined ? callsFor(service, tenant, article.title).length > 0 : gate.reached(),
      );
      let found = '';
      let neighbour: Promise<string> | undefined;
      let second: string | undefined;
      return {
        async meanwhile() {
          found = await search(service, tenant, `question ${id}`);
          const written = await publish(service, tenant, 'while nobody works');
          second = written.id;
          neighbour = askNeighbour(world);
        },
        async recover() {
          for (const each of [id, second ?? '']) {
            await states.until(each, 'embedded');
            await untilClosed(world, tenant, each);
          }
        },
        read: async () => ({
          ...(await readOutcome(service, states, tenant, article, more.lost ?? 0)),
          neighbour: (await neighbour) ?? 'not asked',
          post: second === undefined ? 'refused' : '201',
          search: found,
          verify: '-',
        }),
      };
    },
  };
}

/** Stops the API; `act` brings it there, and what it answers is told again after the restart. */
function apiCase(
  name: string,
  expected: Partial<Outcome>,
  act: (
    world: FaultWorld,
    gates: Gates,
    tenant: FaultTenant,
  ) => Promise<{
    /** What the client saw, once the API is dead. */
    readonly seen: () => Promise<string>;
    /** The article that is looked at, written at the latest now. */
    readonly article: () => Promise<{
      readonly id: string | undefined;
      readonly title: string;
      status: number;
    }>;
  }>,
): KillCase {
  return {
    name: `API killed ${name}`,
    expected: { ...wellAfter, ...expected },
    async stand(world, gates, tenant) {
      const { service, states } = world;
      const acted = await act(world, gates, tenant);
      let seen = '';
      let found = '';
      let article = { id: undefined as string | undefined, title: '', status: 0 };
      let neighbour = '';
      return {
        async meanwhile() {
          seen = await acted.seen();
        },
        async recover() {
          article = await acted.article();
          const id = article.id ?? '';
          await states.until(id, 'embedded');
          await untilClosed(world, tenant, id);
          found = await search(service, tenant, `question ${id}`);
          neighbour = await askNeighbour(world);
        },
        read: async () => ({
          ...(await readOutcome(service, states, tenant, article, 0)),
          neighbour,
          post: seen,
          search: found,
          verify: '-',
        }),
      };
    },
  };
}

/** Where the worker is killed. All stand there at once: one kill, one successor. */
export const workerKills: readonly KillCase[] = [
  workerCase('in step 1, reading the key', { gate: 'readKey' }),
  workerCase('in step 2, reading the article', { gate: 'readArticle' }),
  workerCase('in step 3, before the call', { gate: 'writeCallRecord' }),
  workerCase('in step 3, during the call', {
    hangs: true,
    expected: { calls: 2, unknown: 1 },
  }),
  workerCase('in step 3, during the breaker’s probe', {
    hangs: true,
    halfOpen: true,
    expected: { calls: 2, unknown: 1, search: '200 keyword: circuit_open' },
  }),
  workerCase('in step 3, before storing', {
    gate: 'writeVectors',
    lost: 1,
    expected: { calls: 2, billed: 2, unknown: 1 },
  }),
  workerCase('in step 4, before the ledger', { gate: 'writeLedger' }),
];

/** Where the API is killed. */
export const apiKills: readonly KillCase[] = [
  apiCase('in POST, before its commit', { post: '0, then 201' }, async ({ service }, gates, tenant) => {
    const gate = await gates.close('lorekeep-api', tenant.id, 'writeAudit');
    const idempotencyKey = `never twice ${randomUUID()}`;
    const write = () => publish(service, tenant, '', { idempotencyKey });
    const first = write();
    await reached(gate.reached);
    return {
      seen: async () => `${(await first).status}, then 201`,
      article: async () => {
        const again = await write();
        const { rowCount } = await service.owner.query(
          'select 1 from articles where tenant_id = $1 and title = $2',
          [tenant.id, again.title],
        );
        if (rowCount !== 1) throw new Error(`${rowCount} articles of one write`);
        return again;
      },
    };
  }),
  {
    ...apiCase('in POST, before its signal', {}, async ({ service }, _gates, tenant) => {
      await service.links.apiTemporal.cut();
      const article = await publish(service, tenant, 'committed and not sent');
      return { seen: async () => String(article.status), article: async () => article };
    }),
    last: true,
  },
  // The relay sends it again: another run finds nothing to do. With it goes the one that was not sent at all.
  apiCase('in POST, after its signal', { workflow: 'COMPLETED unchanged' }, async (world, gates, tenant) => {
    const gate = await gates.close('lorekeep-api', tenant.id, 'deleteOutboxRow');
    const article = await publish(world.service, tenant, 'sent and not noted');
    await reached(gate.reached);
    return {
      seen: async () => String(article.status),
      async article() {
        await world.states.until(article.id ?? '', 'embedded');
        await untilClosed(world, tenant, article.id ?? '');
        await world.reconcile();
        return article;
      },
    };
  }),
  apiCase('in a search’s call', { post: '0 for the search', unknown: 1 }, async (world, _gates, tenant) => {
    const { service } = world;
    service.twin.script(tenant.embeddingKey, [{ kind: 'hang' }]);
    const question = `question ${randomUUID()}`;
    const asked = search(service, tenant, question);
    await reached(async () => callsFor(service, tenant, question).length > 0);
    return {
      seen: async () => `${await asked} for the search`,
      article: () => publish(service, tenant, 'after the search'),
    };
  }),
  apiCase('in PATCH of a key, before its commit', { post: '0 for the key' }, async (world, gates, tenant) => {
    const { service } = world;
    const gate = await gates.close('lorekeep-api', tenant.id, 'writeAudit');
    const neverSet = canaryKey();
    service.canaries.push(neverSet);
    const setting = setKeys(service, tenant, { embedding_api_key: neverSet });
    await reached(gate.reached);
    return {
      seen: async () => `${(await setting).status} for the key`,
      article: async () => {
        const article = await publish(service, tenant, 'with the old key');
        if (service.twin.callsOf(neverSet).length > 0)
          throw new Error('called with a key that was never set');
        return article;
      },
    };
  }),
];
