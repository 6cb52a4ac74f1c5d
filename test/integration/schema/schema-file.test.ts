import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { readSchema } from '../../../src/stack/postgres-schema.ts';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts';

const file = join(import.meta.dirname, '..', '..', '..', 'docs', 'schema.sql');

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());

it('shows in docs/schema.sql what the migrations make', async () => {
  const migrated = await readSchema({ url: db.ownerUrl, venvDir: inject('venvDir') });
  expect(await readFile(file, 'utf8'), 'docs/schema.sql is another schema: run npm run schema').toBe(
    migrated,
  );
});
