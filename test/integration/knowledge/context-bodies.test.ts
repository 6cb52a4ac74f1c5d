import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listBodies } from '../../../src/knowledge/context-read-model.ts';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts';

let db: TestDatabase;
const tenantId = randomUUID();

beforeAll(async () => {
  db = await createTestDatabase();
  await db.database.withTenant(tenantId, (tx) =>
    tx('tenants').insert({ id: tenantId, slug: 'bodies', name: 'Bodies' }),
  );
});
afterAll(() => db?.drop());

async function write(body: string, status = 'published'): Promise<string> {
  const id = randomUUID();
  await db.database.withTenant(tenantId, (tx) =>
    tx('articles').insert({
      ...{ tenant_id: tenantId, id, title: 'T', body, category: 'idea', status, content_hash: id },
    }),
  );
  return id;
}

const lengths = async (ids: readonly string[], max: number) => {
  const bodies = await db.database.withTenant(tenantId, (tx) => listBodies(tx, tenantId, ids, max));
  return ids.map((id) => bodies.get(id)?.length);
};

describe('the bodies of a context', () => {
  it('are as many characters together as may be needed, in the order of the hits', async () => {
    const [first, second, draft, third, fourth] = [
      await write('a'.repeat(100)),
      await write('知'.repeat(100)),
      await write('c'.repeat(100), 'draft'),
      await write('d'.repeat(100)),
      await write(''),
    ];
    expect(await lengths([third, draft, second, first, fourth], 250)).toEqual([100, undefined, 100, 50, 0]);
    expect(await lengths([second, first, third], 30)).toEqual([30, 0, 0]);
    expect(await lengths([first, second, third], 300)).toEqual([100, 100, 100]);
    expect(await lengths([], 300)).toEqual([]);
  });
});
