import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, inject } from 'vitest';
import { readSchema } from '../../../src/stack/postgres-schema.ts';
import { factsOfDatabase } from '../../support/fixtures.ts';

const it = factsOfDatabase();
const file = join(import.meta.dirname, '..', '..', '..', 'docs', 'schema.sql');

it('shows in docs/schema.sql what the migrations make', async ({ db }) => {
  const migrated = await readSchema({ url: db.ownerUrl, venvDir: inject('venvDir') });
  expect(await readFile(file, 'utf8'), 'docs/schema.sql is another schema: run npm run schema').toBe(
    migrated,
  );
});
