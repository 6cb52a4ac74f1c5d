import { describe, expect } from 'vitest';
import type { Transaction } from '../../../src/platform/postgres/database.ts';
import { factsOfServices } from '../../support/fixtures.ts';

const it = factsOfServices();

describe('the status of a key', () => {
  it.for([
    ['unverified', 'a refusal', 'rejected', true],
    ['verified', 'a refusal', 'rejected', true],
    ['rejected', 'a refusal', 'rejected', false],
    ['unverified', 'a success', 'verified', true],
    ['verified', 'a success', 'verified', false],
    // A call from before the refusal may end after it.
    ['rejected', 'a success', 'rejected', false],
    ['unverified', 'a successful trial', 'verified', true],
    ['verified', 'a successful trial', 'verified', false],
    ['rejected', 'a successful trial', 'verified', true],
    ['none', 'a refusal', 'none', false],
    ['none', 'a success', 'none', false],
    ['none', 'a successful trial', 'none', false],
  ] as const)('%s is, after %s, %s', async ([before, event, after, changes], { test, tenant }) => {
    const { providerKeys: keys, database } = test.services;
    if (before === 'none') await tenant.setEmbeddingKey(null);
    else {
      await test.db.rawAsOwner('update provider_keys set status = $2 where tenant_id = $1', [
        tenant.id,
        before,
      ]);
    }
    const happen = (tx: Transaction): Promise<boolean> => {
      switch (event) {
        case 'a refusal':
          return keys.markRejected(tx, tenant.id, 'embedding', 1, 'credential_rejected');
        case 'a success':
          return keys.markVerified(tx, tenant.id, 'embedding', 1);
        case 'a successful trial':
          return keys.markVerified(tx, tenant.id, 'embedding', 1, { evenIfRejected: true });
      }
    };
    expect(await database.withTenant(tenant.id, happen)).toBe(changes);
    expect((await test.services.llmConfig.view(tenant.id)).embedding_key_status).toBe(after);
  });
});

describe('a replaced key', () => {
  it('shows its own end, its own time and no verdict on the key before', async ({ test, tenant }) => {
    const { llmConfig } = test.services;
    await test.db.rawAsOwner(
      "update provider_keys set status = 'rejected', updated_at = now() - interval '1 hour' where tenant_id = $1",
      [tenant.id],
    );
    const before = await llmConfig.view(tenant.id);
    await tenant.setEmbeddingKey('sk-another-key-that-ends-in-9876');
    const after = await llmConfig.view(tenant.id);
    expect(after).toMatchObject({
      ...{ embedding_api_key_hint: '...9876', embedding_key_status: 'unverified', has_embedding_key: true },
    });
    expect(Number(after.embedding_key_updated_at)).toBeGreaterThan(Number(before.embedding_key_updated_at));
    expect(before.embedding_key_status).toBe('rejected');
  });
});
