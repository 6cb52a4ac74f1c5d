import type { GatePlace } from './gates.ts';
import { type Outcome, readOutcome } from './invariants.ts';
import { type KillCase, reached, wellAfter } from './kill-case.ts';
import { askNeighbour, untilClosed } from './provider-fault-run.ts';
import { callsFor, publish, search } from './tenants.ts';

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
          // Behind a half-open breaker it would race the first for the next probe.
          second = more.halfOpen ? id : (await publish(service, tenant, 'while nobody works')).id;
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
  // The end is one message with its commit, so the server has both: the next attempt finds everything stored.
  workerCase('in step 3, with the end of the call sent', {
    gate: 'writeLedger',
    expected: { workflow: 'COMPLETED unchanged' },
  }),
];
