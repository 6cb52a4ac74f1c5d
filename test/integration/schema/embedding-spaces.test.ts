import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());

const uniqueViolation = '23505';
const checkViolation = '23514';

async function newTenant(): Promise<string> {
  const id = randomUUID();
  await db.database.withTenant(id, async (tx) => {
    await tx('tenants').insert({ id, slug: `t-${id}`, name: 'Tenant' });
  });
  return id;
}

const addSpace = (tenantId: string, state: string) =>
  db.database.withTenant(tenantId, async (tx) => {
    const id = randomUUID();
    await tx('embedding_spaces').insert({
      ...{ tenant_id: tenantId, id, model: id, dimensions: 3, chunker_version: 1, state },
    });
  });

it.each(['serving', 'building'])('lets a tenant have one %s space at most', async (state) => {
  const [tenantId, other] = [await newTenant(), await newTenant()];
  await addSpace(tenantId, state);
  await expect(addSpace(tenantId, state)).rejects.toMatchObject({
    code: uniqueViolation,
    constraint: `embedding_spaces_one_${state}`,
  });
  await expect(addSpace(other, state)).resolves.toBeUndefined();
});

it('lets a tenant have any number of retired spaces beside those', async () => {
  const tenantId = await newTenant();
  const states = ['building', 'retired', 'retired', 'serving'];
  for (const state of states) await addSpace(tenantId, state);
  const found = await db.database.withTenant(tenantId, (tx) =>
    tx('embedding_spaces').orderBy('state').pluck('state'),
  );
  expect(found).toEqual(states);
});

it('knows no other state', async () => {
  await expect(addSpace(await newTenant(), 'paused')).rejects.toMatchObject({ code: checkViolation });
});
