import { expect, it } from 'vitest';
import { readSource, sourceFiles } from './house.ts';

it('names the setting of the tenant in one file: a transaction’s tenant is set at its beginning and nowhere else', () => {
  const naming = sourceFiles
    // The policies read it.
    .filter((file) => !file.startsWith('migrations/'))
    .filter((file) => readSource(file).includes('app.tenant_id'));
  expect(naming).toEqual(['src/platform/postgres/database.ts']);
});
