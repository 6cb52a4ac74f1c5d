import { randomUUID } from 'node:crypto';
import { canaryKey } from './canaries.ts';
import type { Gate, Gates } from './gates.ts';
import { type Outcome, readOutcome } from './invariants.ts';
import { type KillCase, reached, wellAfter } from './kill-case.ts';
import { askNeighbour, type FaultWorld, untilClosed } from './provider-fault-run.ts';
import type { RealService } from './real-service.ts';
import { callsFor, type FaultTenant, publish, search, setKeys, type WrittenArticle } from './tenants.ts';

/** Kills the API where `act` has brought it. What the client saw is read while it is dead, the article after the restart. */
function apiCase(
  name: string,
  /** And `lost`: calls that the provider has billed and whose answer died with the API. */
  { lost = 0, ...expected }: Partial<Outcome> & { readonly lost?: number },
  act: (
    world: FaultWorld,
    gates: Gates,
    tenant: FaultTenant,
  ) => Promise<{
    /** What the client saw, once the API is dead. */
    readonly seen: () => Promise<string>;
    /** The article that is looked at, written at the latest now. */
    readonly article: () => Promise<WrittenArticle>;
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
      let article: WrittenArticle = { id: undefined, title: '', status: 0 };
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
          ...(await readOutcome(service, states, tenant, article, lost)),
          neighbour,
          post: seen,
          search: found,
          verify: '-',
        }),
      };
    },
  };
}

/** A write that is killed at the gate, and its client's repetition with the same Idempotency-Key, which makes the one article. */
async function writtenTwice(
  service: RealService,
  tenant: FaultTenant,
  gate: Gate,
  options: { readonly asksGate?: boolean; readonly body?: string },
) {
  const idempotencyKey = `never twice ${randomUUID()}`;
  const write = () => publish(service, tenant, '', { ...options, idempotencyKey });
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
}

/** Where the API is killed. */
export const apiKills: readonly KillCase[] = [
  apiCase('in POST, before its commit', { post: '0, then 201' }, async ({ service }, gates, tenant) => {
    const gate = await gates.close('lorekeep-api', tenant.id, 'writeAudit');
    return writtenTwice(service, tenant, gate, {});
  }),
  // Its call is answered and billed, and dies unwritten. The next try finds the chunk claimed and lets the article through; the
  // workflow pays again once the claim of the dead call has ended.
  apiCase(
    'in the gate’s call, after its answer',
    {
      ...{ post: '0, then 201', calls: 2, billed: 2, lost: 1, unknown: 1 },
    },
    async ({ service }, gates, tenant) => {
      const gate = await gates.close('lorekeep-api', tenant.id, 'storePurchase');
      return writtenTwice(service, tenant, gate, { asksGate: true, body: 'Nobody else has these words.' });
    },
  ),
  // The end is one message with its commit, so the server has both: the workflow finds the vectors, and nothing is paid again.
  apiCase(
    'in the gate’s call, with its end sent',
    { post: '0, then 201', ledger: 0, workflow: 'COMPLETED unchanged' },
    async ({ service }, gates, tenant) => {
      const gate = await gates.close('lorekeep-api', tenant.id, 'writeLedger');
      return writtenTwice(service, tenant, gate, {
        asksGate: true,
        body: 'No other article has these words.',
      });
    },
  ),
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
