import { expect } from 'vitest';
import type { TwinStep } from '../support/provider-twin.ts';
import type { SearchingTenant, SearchingTenants } from './searching-tenants.ts';

/** How long the breaker stays open. */
export const openMs = 30_000;

/** Why a tenant's search cannot have its vector, and what the search answers then. */
export interface Trouble {
  readonly name: string;
  /** Whether it came before the tenant's first vectors. */
  readonly early?: true;
  begin(of: SearchingTenant, tenants: SearchingTenants): unknown;
  end?(tenants: SearchingTenants): unknown;
  readonly reason: string;
  /** Provider calls that the search makes: one attempt or none. */
  readonly calls: 0 | 1;
  /** The most that `retry_at` lies ahead; none where the time is not known. `exactly`: the provider has said it. */
  readonly retryInMs?: { readonly exactly: number } | { readonly atMost: number };
}

/** A refusal of the provider. */
export const status = (code: number, headers: Record<string, string> = {}): TwinStep => ({
  kind: 'status',
  status: code,
  headers,
});

export const troubles: readonly Trouble[] = [
  {
    name: 'the key was removed',
    begin: ({ tenant }) => tenant.setEmbeddingKey(null),
    reason: 'no_api_key',
    calls: 0,
  },
  {
    name: 'the provider rejects the key',
    begin: (of, tenants) => tenants.always(of, status(401)),
    reason: 'credential_rejected',
    calls: 1,
  },
  {
    name: 'the provider has rejected the key before',
    async begin(of, tenants) {
      tenants.always(of, status(403));
      await tenants.search(of, 'semantic', 'the search that found it out');
    },
    reason: 'permission_denied',
    calls: 0,
  },
  {
    name: 'the breaker is open',
    async begin(of, tenants) {
      tenants.always(of, status(500));
      for (const q of ['one', 'two', 'three']) await tenants.search(of, 'semantic', q);
    },
    reason: 'circuit_open',
    calls: 0,
    retryInMs: { atMost: openMs },
  },
  {
    name: 'the provider has rejected the first key',
    early: true,
    async begin(of, tenants) {
      tenants.always(of, status(401));
      expect(await tenants.tryToEmbed(of, of.articleId)).toMatchObject({ code: 'credential_rejected' });
    },
    reason: 'credential_rejected',
    calls: 0,
  },
  {
    name: 'the breaker is open since before the first vectors',
    early: true,
    async begin(of, tenants) {
      tenants.always(of, status(500));
      for (let i = 0; i < 3; i += 1) await tenants.tryToEmbed(of, of.articleId);
    },
    reason: 'circuit_open',
    calls: 0,
    retryInMs: { atMost: openMs },
  },
  {
    name: 'the provider does not answer in time',
    begin: (of, tenants) => tenants.always(of, { kind: 'hang' }),
    reason: 'provider_timeout',
    calls: 1,
  },
  {
    name: 'the provider cuts the connection',
    begin: (of, tenants) => tenants.always(of, { kind: 'cut', after: 'byte' }),
    reason: 'provider_unavailable',
    calls: 1,
  },
  {
    name: 'the provider limits the rate and says for how long',
    begin: (of, tenants) => tenants.always(of, status(429, { 'retry-after': '7' })),
    reason: 'provider_rate_limited',
    calls: 1,
    retryInMs: { exactly: 7_000 },
  },
  {
    name: 'the provider limits the rate and does not say for how long',
    begin: (of, tenants) => tenants.always(of, status(429)),
    reason: 'provider_rate_limited',
    calls: 1,
    // The first pause of the key.
    retryInMs: { atMost: 2_000 },
  },
  {
    name: 'the quota at the provider is used up',
    begin: (of, tenants) => tenants.always(of, status(402)),
    reason: 'quota_exhausted',
    calls: 1,
    // A used up quota pauses the key for an hour.
    retryInMs: { atMost: 3_600_000 },
  },
  {
    name: 'the monthly budget is used up',
    begin: (of, tenants) => tenants.call(of, 'PATCH', '/tenants/me/llm-config', { monthly_token_budget: 0 }),
    reason: 'budget_exhausted',
    // The first of the next month.
    retryInMs: { atMost: 31 * 86_400_000 },
    calls: 0,
  },
  {
    name: 'Vault is gone',
    async begin(of, tenants) {
      // The key before it is open in memory still: a new one has to be opened.
      await of.tenant.setEmbeddingKey(tenants.newKey());
      await tenants.vault.cut();
    },
    end: ({ vault }) => vault.restore(),
    reason: 'vault_unavailable',
    calls: 0,
  },
  {
    name: 'the stored key is another tenant’s',
    async begin({ tenant }, tenants) {
      const other = await tenants.service.createTenant(tenants.newKey());
      await tenants.service.db.rawAsOwner(
        `update provider_keys k set ciphertext = o.ciphertext
           from provider_keys o where k.tenant_id = $1 and o.tenant_id = $2 and o.provider = k.provider`,
        [tenant.id, other.id],
      );
    },
    reason: 'key_unusable',
    calls: 0,
  },
  {
    name: 'the provider answers with another dimension',
    begin: (of, tenants) => tenants.always(of, { kind: 'ok', dimensions: 8 }),
    reason: 'malformed_response',
    calls: 1,
  },
  {
    name: 'the provider does not know the model',
    begin: (of, tenants) => tenants.always(of, status(404)),
    reason: 'model_not_found',
    calls: 1,
  },
  {
    name: 'the provider rejects the query',
    begin: (of, tenants) => tenants.always(of, status(422)),
    reason: 'input_rejected',
    calls: 1,
  },
];
