import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAudit } from '../../../src/audit/service.ts';
import type { Database } from '../../../src/platform/postgres/database.ts';
import { createTenants, type Tenants } from '../../../src/tenants/service.ts';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts';

let db: TestDatabase;
let tenants: Tenants;
/** Keys that were looked up, in the order of the look-ups' ends. */
let lookUps = 0;

beforeAll(async () => {
  db = await createTestDatabase();
  const database: Database = {
    ...db.database,
    async withApiKeyHash(hash, work, origin) {
      const found = await db.database.withApiKeyHash(hash, work, origin);
      lookUps += 1;
      return found;
    },
  };
  tenants = createTenants({ database, audit: createAudit({ database }) });
});
afterAll(async () => {
  await tenants.settled();
  await db.drop();
});

async function newKey(): Promise<string> {
  const creation = await tenants.createTenant(
    { tenantId: randomUUID(), keyId: null, label: 'test', role: 'superadmin' },
    { slug: `t-${randomUUID()}`, name: 'Tenant' },
  );
  if (creation.kind !== 'created') throw new Error(creation.kind);
  return creation.keys.agent.key;
}
const guess = () => `lk_${randomBytes(32).toString('base64url')}`;

describe('log-ins', () => {
  test('with one key at the same time share two look-ups', async () => {
    const key = await newKey();
    const before = lookUps;
    const actors = await Promise.all(Array.from({ length: 100 }, () => tenants.authenticate(key, 'a')));
    expect(new Set(actors.map((actor) => actor?.keyId)).size).toBe(1);
    expect(actors[0]?.role).toBe('agent');
    expect(lookUps - before).toBeLessThanOrEqual(2);
  });

  test('after a revocation find nobody, however many are under way', async () => {
    const key = await newKey();
    const actor = await tenants.authenticate(key, 'a');
    if (actor?.keyId == null) throw new Error('no actor');
    const hammering = Array.from({ length: 50 }, () => tenants.authenticate(key, 'a'));
    expect(await tenants.revokeApiKey(actor, actor.keyId)).toEqual({ kind: 'revoked' });
    expect(await tenants.authenticate(key, 'a')).toBeUndefined();
    await Promise.all(hammering);
  });

  test.each([
    ['a known key from the same address', true, 'flooding'],
    ['a new key from another address', false, 'another'],
  ])('with %s do not wait behind an address that guesses', async (_, isKnown, address) => {
    const key = await newKey();
    if (isKnown) await tenants.authenticate(key, 'elsewhere');
    const before = lookUps;
    const flood = Array.from({ length: 200 }, () => tenants.authenticate(guess(), 'flooding'));
    expect(await tenants.authenticate(key, address)).toBeDefined();
    expect(lookUps - before).toBeLessThan(20);
    expect(await Promise.all(flood)).toEqual(Array.from({ length: 200 }, () => undefined));
  });
});
