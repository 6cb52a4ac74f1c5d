import { randomUUID } from 'node:crypto';
import { eventually } from '../support/running-service.ts';
import { type DocumentOutcome, readDocumentOutcome } from './document-outcome.ts';
import { type DocumentTenant, parts, review, sixParts } from './document-tenants.ts';
import type { GatePlace, Gates } from './gates.ts';
import { reached } from './kill-case.ts';
import type { RealService } from './real-service.ts';

/** A process that is killed while it works on a document, a review or a merge of one tenant. */
export interface DocumentKill {
  readonly name: string;
  readonly kills: 'api' | 'worker';
  readonly expected: DocumentOutcome;
  /** Brings the process to the place. `recover`, once another has taken over, resolves with the status when all is done. */
  stand(
    service: RealService,
    gates: Gates,
    tenant: DocumentTenant,
  ): Promise<{ readonly recover: () => Promise<string> }>;
}

/** A part's activity of a dead worker is tried again after 167 s, and its claim has run out by then. */
const recoverMs = 240_000;

/** What a kill at a place that costs nothing leaves: each part is paid for once, and has its two articles. */
const wellAfter: DocumentOutcome = {
  ...{ status: 'completed', articles: 2 * parts, twice: 0 },
  ...{ calls: parts, billed: parts, ledger: parts, unknown: 0, reserved: 0 },
};

const untilEnded = (service: RealService, { keys }: DocumentTenant, path: string): Promise<string> =>
  eventually(async () => {
    const { body } = await service.call(keys.orchestrator, 'GET', path);
    const status = body?.data?.status;
    return status === 'queued' || status === 'running' ? undefined : status;
  }, recoverMs);

const ingest = (service: RealService, { keys }: DocumentTenant, idempotencyKey?: string) => {
  const document = { content: sixParts, source_type: 'note', max_articles: 50 };
  return service.call(keys.orchestrator, 'POST', '/knowledge/ingest', document, idempotencyKey);
};

/** Stops the worker on its way through a document. */
const inDocument = (
  name: string,
  more: {
    readonly gate?: GatePlace;
    readonly hangs?: boolean;
    /** Calls that have been made, and those of them that have ended, before the kill: none of the others is cut in passing. */
    readonly made?: number;
    readonly ended?: number;
    readonly expected?: Partial<DocumentOutcome>;
  },
): DocumentKill => ({
  name: `worker killed ${name}`,
  kills: 'worker',
  expected: { ...wellAfter, ...more.expected },
  async stand(service, gates, tenant) {
    if (more.hangs) service.twin.script(tenant.modelKey, [{ kind: 'hang' }]);
    const gate = more.gate && (await gates.close('lorekeep-worker', tenant.id, more.gate));
    const { id } = (await ingest(service, tenant)).body.data;
    await reached(async () => {
      const calls = service.twin.callsOf(tenant.modelKey).length;
      const { rowCount: ended } = await service.owner.query(
        'select 1 from provider_calls where tenant_id = $1 and finished_at is not null',
        [tenant.id],
      );
      const { made = 0, ended: toEnd = 0 } = more;
      return calls >= made && (ended ?? 0) >= toEnd && ((await gate?.reached()) ?? true);
    });
    return { recover: () => untilEnded(service, tenant, `/knowledge/ingestion-jobs/${id}`) };
  },
});

/** Where the worker is killed. All stand there at once: one kill, one successor. */
export const workerKills: readonly DocumentKill[] = [
  inDocument('when the document is queued', { gate: 'readDocument' }),
  inDocument('when the document is read and not stored', { gate: 'writeParts' }),
  inDocument("during a part's call", {
    hangs: true,
    made: parts,
    ended: parts - 1,
    expected: { calls: parts + 1, unknown: 1 },
  }),
  inDocument('between the answers and their storing', {
    gate: 'storeAnswer',
    // The calls at risk: as many as a document has under way.
    made: 4,
    expected: { calls: parts + 4, billed: parts + 4, unknown: 4 },
  }),
  inDocument('between the answers and their articles', { gate: 'writeArticle', made: 4, ended: 4 }),
  inDocument('between two articles of one answer', { gate: 'writeSecondArticle', made: 4, ended: 4 }),
  inDocument('before the job ends', { gate: 'endJob' }),
  {
    name: 'worker killed between the answer about a review and its articles',
    kills: 'worker',
    expected: { ...wellAfter, articles: 2, calls: 1, billed: 1, ledger: 1 },
    async stand(service, gates, tenant) {
      const gate = await gates.close('lorekeep-worker', tenant.id, 'writeSecondArticle');
      const { id } = (await service.call(tenant.keys.orchestrator, 'POST', '/reviews', review)).body.data;
      await reached(gate.reached);
      return { recover: () => untilEnded(service, tenant, `/reviews/${id}`) };
    },
  },
];

/** Where the API is killed. */
export const apiKills: readonly DocumentKill[] = [
  {
    name: 'API killed at the commit of a document, which the client sends again',
    kills: 'api',
    expected: wellAfter,
    async stand(service, gates, tenant) {
      const gate = await gates.close('lorekeep-api', tenant.id, 'writeAudit');
      const idempotencyKey = randomUUID();
      const first = ingest(service, tenant, idempotencyKey);
      await reached(gate.reached);
      return {
        async recover() {
          if ((await first).status !== 0) throw new Error('the killed request was answered');
          const { id } = (await ingest(service, tenant, idempotencyKey)).body.data;
          const again = await ingest(service, tenant, idempotencyKey);
          if (again.body.data.id !== id) throw new Error('two jobs of one request');
          return untilEnded(service, tenant, `/knowledge/ingestion-jobs/${id}`);
        },
      };
    },
  },
  {
    name: 'API killed between the answer of a merge and its commit',
    kills: 'api',
    expected: {
      ...wellAfter,
      status: '503 then 201',
      articles: 1,
      calls: 2,
      billed: 2,
      ledger: 1,
      unknown: 1,
    },
    async stand(service, gates, tenant) {
      const ids = await Promise.all(['one', 'another'].map((title) => write(service, tenant, title)));
      service.twin.answer(tenant.modelKey, () => ({
        ...{ title: 'Merged', body: 'What both say.', category: 'pattern', tags: [] },
      }));
      const gate = await gates.close('lorekeep-api', tenant.id, 'writeArticle');
      const merge = () => service.call(tenant.keys.orchestrator, 'POST', '/articles/merge', { ids });
      const first = merge();
      await reached(gate.reached);
      return {
        async recover() {
          if ((await first).status !== 0) throw new Error('the killed request was answered');
          // Until the claim of the dead call has run out.
          const meanwhile = await merge();
          await service.owner.query('update article_merges set leased_until = now() where tenant_id = $1', [
            tenant.id,
          ]);
          return `${meanwhile.status} then ${(await merge()).status}`;
        },
      };
    },
  },
];

/** Articles that the tenant has beside those that are counted. */
export const readKill = (service: RealService, kill: DocumentKill, tenant: DocumentTenant, status: string) =>
  readDocumentOutcome(service, tenant, status, kill.name.includes('merge') ? 2 : 0);

async function write(service: RealService, { keys }: DocumentTenant, title: string): Promise<string> {
  const article = { title, body: `The words of ${title}.`, category: 'finding', force: true };
  return (await service.call(keys.agent, 'POST', '/articles', article)).body.data.id;
}
