import { describe, expect } from 'vitest';
import { originOf } from '../../../src/domain/provider-target.ts';
import { factsOfServices } from '../../support/fixtures.ts';
import { holdTransaction, untilWaiting } from '../../support/held-transaction.ts';
import { twinKey } from '../../support/provider-twin.ts';
import type { TestServices, TestTenant } from '../../support/test-services.ts';

const it = factsOfServices(() => ({ PROVIDER_URLS: 'any' }));

const here = 'http://127.0.0.1:9/v1';
const there = 'http://127.0.0.1:10/v1';

describe('an embedding key', () => {
  it('that is set while another change moves the address does not follow it', async ({
    test,
    tenant,
    key,
  }) => {
    const { llmConfig, database } = test.services;
    await llmConfig.update(tenant.actor, { embedding_api_key: null });
    // As far as a change is between its look at the settings and its write.
    const first = await holdTransaction(database, tenant.id, (tx) =>
      tx('llm_settings').where({ tenant_id: tenant.id }).forUpdate().first('tenant_id'),
    );
    const second = llmConfig.update(tenant.actor, { embedding_api_key: key });
    expect(await untilWaiting(test.db, second)).toBe('waits');
    await first.commit((tx) =>
      tx('llm_settings')
        .where({ tenant_id: tenant.id })
        .update({ embedding_provider: 'custom', embedding_base_url: there }),
    );
    expect(await second).toEqual({ kind: 'busy' });
    expect((await llmConfig.view(tenant.id)).has_embedding_key).toBe(false);
  });

  it('opens for the stored address after any changes of both at once', async ({ test, tenant }) => {
    const { llmConfig } = test.services;
    for (let round = 0; round < 5; round += 1) {
      const changes = [
        { embedding_provider: 'custom', embedding_base_url: here, embedding_api_key: twinKey() },
        { embedding_api_key: twinKey() },
        { embedding_provider: 'custom', embedding_base_url: there, embedding_api_key: twinKey() },
        { embedding_provider: null, embedding_base_url: null, embedding_api_key: twinKey() },
        { embedding_api_key: twinKey() },
      ];
      const outcomes = await Promise.all(changes.map((change) => llmConfig.update(tenant.actor, change)));
      const stored = changes.filter((_, at) => outcomes[at]?.kind === 'updated');
      // Those that name no address are refused where it has moved.
      expect(stored.length).toBeGreaterThanOrEqual(3);
      const opened = await open(test, tenant);
      expect(stored.map((change) => change.embedding_api_key)).toContain(
        opened.kind === 'ok' ? opened.plaintext : opened.code,
      );
    }
  });

  it('does not open for another address, tenant or purpose', async ({ test, tenant }) => {
    const { llmConfig } = test.services;
    const [embeddingKey, anthropicKey] = [twinKey(), twinKey()];
    const own = { embedding_provider: 'custom', embedding_base_url: here };
    await llmConfig.update(tenant.actor, { ...own, embedding_api_key: embeddingKey, api_key: anthropicKey });
    const other = await test.createTenant();
    await llmConfig.update(other.actor, { ...own, embedding_api_key: twinKey(), api_key: twinKey() });
    expect(await open(test, tenant)).toEqual({ kind: 'ok', plaintext: embeddingKey });

    for (const address of [
      there,
      'https://127.0.0.1:9/v1',
      'http://localhost:9/v1',
      'http://127.0.0.1.example:9/v1',
    ])
      expect(await open(test, tenant, address)).toEqual({ kind: 'failed', code: 'key_unusable' });
    // A path is not a part of the origin.
    expect(await open(test, tenant, 'http://127.0.0.1:9/v2')).toMatchObject({ kind: 'ok' });

    await test.db.rawAsOwner(
      `update provider_keys k set ciphertext = o.ciphertext from provider_keys o
        where k.tenant_id = $1 and o.tenant_id = $2 and k.provider = o.provider`,
      [other.id, tenant.id],
    );
    expect(await open(test, other)).toEqual({ kind: 'failed', code: 'key_unusable' });
    await test.db.rawAsOwner(
      `update provider_keys k set ciphertext = o.ciphertext from provider_keys o
        where k.tenant_id = $1 and o.tenant_id = $1 and k.provider = 'embedding' and o.provider = 'anthropic'`,
      [tenant.id],
    );
    expect(await open(test, tenant)).toEqual({ kind: 'failed', code: 'key_unusable' });
  });
});

/** Opens the tenant's embedding key for its own address, or for another one. */
async function open({ services }: TestServices, tenant: TestTenant, address?: string) {
  const key = await services.database.withTenant(tenant.id, (tx) =>
    services.providerKeys.current(tx, tenant.id, 'embedding'),
  );
  if (key === undefined) throw new Error('there is no key');
  return services.providerKeys.openKey(tenant.id, 'embedding', key, originOf(address ?? key.target.baseUrl));
}
