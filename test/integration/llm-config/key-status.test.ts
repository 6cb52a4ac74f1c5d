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
          return keys.markRejected(tx, tenant.id, 'embedding', 1);
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
