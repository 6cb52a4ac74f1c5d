import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Transaction } from '../../src/platform/postgres/database.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

let db: TestDatabase;

beforeAll(async () => {
  // One connection: whatever a transaction leaves behind on it, the next one meets.
  db = await createTestDatabase({ poolSize: 1 });
});
afterAll(() => db.drop());

const addTenant = (tx: Transaction, id: string) =>
  tx('tenants').insert({ id, slug: `t-${id}`, name: 'Tenant' });

async function newTenant(): Promise<string> {
  const id = randomUUID();
  await db.database.withTenant(id, (tx) => addTenant(tx, id));
  return id;
}

test('the very first statement of a transaction sees the tenant’s rows, and no other does', async () => {
  const [mine, other] = [await newTenant(), await newTenant()];
  for (const id of [mine, other]) {
    expect(await db.database.withTenant(id, (tx) => tx('tenants').pluck('id'))).toEqual([id]);
  }
  expect(await db.database.withApiKeyHash('00'.repeat(32), (tx) => tx('tenants').pluck('id'))).toEqual([]);
});

test('statements sent together are one transaction, taken in their order', async () => {
  const id = randomUUID();
  const [, found] = await db.database.withTenant(id, (tx) =>
    Promise.all([addTenant(tx, id), tx('tenants').pluck('id')]),
  );
  expect(found).toEqual([id]);
});

test('statements of any kind, begun in one turn, keep the order in which they were begun', async () => {
  const id = randomUUID();
  const insert = async (tx: Transaction) => {
    await addTenant(tx, id);
  };
  const rename = async (tx: Transaction) => {
    await tx.raw(`update tenants set name = 'Renamed' where id = ?`, [id]);
  };
  const read = async (tx: Transaction) => tx('tenants').where({ id }).pluck('name');
  const [, before, , after] = await db.database.withTenant(id, (tx) =>
    Promise.all([insert(tx), read(tx), rename(tx), read(tx)]),
  );
  expect([before, after]).toEqual([['Tenant'], ['Renamed']]);
});

test('one failure among statements sent together undoes them all, and the connection goes on', async () => {
  const id = randomUUID();
  const failing = db.database.withTenant(id, (tx) =>
    Promise.all([addTenant(tx, id), tx.raw('select 1 / 0'), tx.raw('select 1')]),
  );
  await expect(failing).rejects.toMatchObject({ code: '22012' });
  expect(await db.database.withTenant(id, (tx) => tx('tenants').pluck('id'))).toEqual([]);
});

test('a statement that comes after its transaction’s end joins no other transaction', async () => {
  const [mine, other] = [await newTenant(), await newTenant()];
  const forgotten = await db.database.withTenant(mine, async (tx) => ({
    late: () => tx('tenants').pluck('id'),
  }));
  const seen = await db.database.withTenant(other, async (tx) => {
    await tx.raw('select 1');
    return forgotten.late().then(
      (ids) => ids,
      (error: Error) => error.message,
    );
  });
  expect(seen).toBe('the transaction has ended');
});

test('a login by key can write nothing', async () => {
  const id = randomUUID();
  const writing = db.database.withApiKeyHash('00'.repeat(32), (tx) => addTenant(tx, id));
  await expect(writing).rejects.toMatchObject({ code: '25006' });
});

test('a connection that the server cuts in the middle fails its own transaction only', async () => {
  const id = await newTenant();
  const cut = db.database.withTenant(id, (tx) => tx.raw('select pg_terminate_backend(pg_backend_pid())'));
  await expect(cut).rejects.toThrow();
  expect(await db.database.withTenant(id, (tx) => tx('tenants').pluck('id'))).toEqual([id]);
});
