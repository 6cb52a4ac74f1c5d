import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { factsOfDatabase } from '../../support/fixtures.ts';
import { insertTenant } from '../../support/tenant-row.ts';
import type { TestDatabase } from '../../support/test-database.ts';

const it = factsOfDatabase();
const uniqueViolation = '23505';
const checkViolation = '23514';

it.for(['serving', 'building'])('lets a tenant have one %s space at most', async (state, { db }) => {
  const [tenantId, other] = [await insertTenant(db), await insertTenant(db)];
  await addSpace(db, tenantId, state);
  await expect(addSpace(db, tenantId, state)).rejects.toMatchObject({
    code: uniqueViolation,
    constraint: `embedding_spaces_one_${state}`,
  });
  await expect(addSpace(db, other, state)).resolves.toBeUndefined();
});

it('lets a tenant have any number of retired spaces beside those', async ({ db }) => {
  const tenantId = await insertTenant(db);
  const states = ['building', 'retired', 'retired', 'serving'];
  for (const state of states) await addSpace(db, tenantId, state);
  const found = await db.database.withTenant(tenantId, (tx) =>
    tx('embedding_spaces').orderBy('state').pluck('state'),
  );
  expect(found).toEqual(states);
});

it('knows no other state', async ({ db }) => {
  await expect(addSpace(db, await insertTenant(db), 'paused')).rejects.toMatchObject({
    code: checkViolation,
  });
});

const addSpace = ({ database }: TestDatabase, tenantId: string, state: string) =>
  database.withTenant(tenantId, async (tx) => {
    const id = randomUUID();
    await tx('embedding_spaces').insert({
      ...{ tenant_id: tenantId, id, target_id: id, model: id, dimensions: 3, chunker_version: 1, state },
      ...{ vendor: 'default', base_url: 'http://127.0.0.1:9/v1', input_style: { kind: 'none' } },
    });
  });
