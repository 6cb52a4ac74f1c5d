import { randomUUID } from 'node:crypto';
import type { TestDatabase } from './test-database.ts';

/** Inserts a tenant that has no keys. Returns its id. */
export async function insertTenant({ database }: Pick<TestDatabase, 'database'>): Promise<string> {
  const id = randomUUID();
  await database.withTenant(id, (tx) => tx('tenants').insert({ id, slug: `t-${id}`, name: 'Tenant' }));
  return id;
}
