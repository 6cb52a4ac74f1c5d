import { factsOfService } from '../../support/fixtures.ts';
import { type ProviderTwin, startProviderTwin, twinKey } from '../../support/provider-twin.ts';
import type { TestTenant } from '../../support/test-services.ts';

const path = '/tenants/me/llm-config';

/** A tenant whose stored key `key` works at the installation's own provider; `candidate` is another one, and `chosen` another provider. */
export const factsOfTrials = () =>
  factsOfService(({ twin }) => ({
    ...{ PROVIDER_URLS: 'any', EMBEDDING_DEFAULT_MODEL: 'm', EMBEDDING_SENDS_INPUT_TYPE: 'false' },
    ANTHROPIC_BASE_URL: twin.anthropicBaseUrl,
  }))
    .extend('candidate', () => twinKey())
    .extend('chosen', { scope: 'file' }, async ({}, { onCleanup }): Promise<ProviderTwin> => {
      const twin = await startProviderTwin();
      onCleanup(() => twin.close());
      return twin;
    })
    .extend('own', ({ service, tenant }) => {
      const patch = (body: object, query = '', key = tenant.keys.user) =>
        service.call(key, 'PATCH', `${path}${query}`, body);
      return {
        patch,
        dryRun: (body: object, key?: string) => patch(body, '?dry_run=true', key),
        view: async () => (await service.call(tenant.keys.user, 'GET', path)).body,
        /** Everything of the tenant that a trial must not change. */
        stored: () => storedOf(service, tenant),
        ledger: () =>
          service.db.rawAsOwner(
            `select l.provider, l.operation, l.source, l.model, c.key_version, l.api_key_id::text as api_key_id
               from usage_ledger l join provider_calls c on c.id = l.call_id
              where l.tenant_id = $1 order by l.at`,
            [tenant.id],
          ),
      };
    });

async function storedOf(
  service: { readonly db: { rawAsOwner(sql: string, values: unknown[]): Promise<unknown> } },
  { id }: TestTenant,
) {
  const tables = [
    ...['llm_settings', 'provider_keys', 'audit_log', 'embedding_profiles', 'breakers'],
    ...['provider_limits', 'embedding_spaces'],
  ];
  const rows = tables.map((table) =>
    service.db.rawAsOwner(`select t::text as row from ${table} t where tenant_id = $1 order by 1`, [id]),
  );
  return Promise.all(rows);
}
