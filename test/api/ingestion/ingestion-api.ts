import type { Answer } from '../../support/answer.ts';
import { eventually, type RunningService } from '../../support/running-service.ts';
import type { TestTenant } from '../../support/test-services.ts';

/** What a tenant's orchestrator does with documents. */
export function ingestionApi(service: RunningService, tenant: TestTenant) {
  const call = (method: string, path: string, body?: unknown): Promise<Answer> =>
    service.call(tenant.keys.orchestrator, method, `/knowledge${path}`, body);
  const job = async (id: string) => (await call('GET', `/ingestion-jobs/${id}`)).body.data;

  return {
    call,
    job,
    ingest: (document: Readonly<Record<string, unknown>>) =>
      call('POST', '/ingest', { source_type: 'note', ...document }),
    batch: (items: readonly unknown[]) => call('POST', '/ingest/batch', { items }),
    list: (query = '') => call('GET', `/ingestion-jobs${query}`),
    cancel: (id: string) => call('POST', `/ingestion-jobs/${id}/cancel`),
    retry: (id: string) => call('POST', `/ingestion-jobs/${id}/retry`),
    /** The job once it has one of the statuses. */
    untilStatus: (id: string, ...statuses: readonly string[]) =>
      eventually(async () => {
        const found = await job(id);
        return statuses.includes(found.status) ? found : undefined;
      }),
    /** The job once it waits. */
    untilWaiting: (id: string) =>
      eventually(async () => {
        const found = await job(id);
        return found.next_attempt_at === null ? undefined : found;
      }),
    article: async (id: string) =>
      (await service.call(tenant.keys.orchestrator, 'GET', `/articles/${id}`)).body.data,
    /** The subjects whose workflows are requested and not reached yet. */
    requested: () =>
      service.db.rawAsOwner(`select subject_id from outbox where tenant_id = $1 and kind = 'ingestion'`, [
        tenant.id,
      ]),
    /** How many rows there are of a tenant in a table. */
    rows: async (table: string) => {
      const [found] = await service.db.rawAsOwner(
        `select count(*)::int as rows from ${table} where tenant_id = $1`,
        [tenant.id],
      );
      return found?.rows;
    },
    audited: async () => {
      const { body } = await service.call(tenant.keys.user, 'GET', '/audit?subject_kind=ingestion_job');
      return body.data.map((row: { readonly action: string }) => row.action).reverse();
    },
  };
}
