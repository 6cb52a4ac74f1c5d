import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const src = join(import.meta.dirname, '..', '..', 'src');

it('names the setting of the tenant in one file: a transaction’s tenant is set at its beginning and nowhere else', () => {
  const naming = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .filter((file) => readFileSync(join(src, file), 'utf8').includes('app.tenant_id'));
  expect(naming).toEqual([join('platform', 'postgres', 'database.ts')]);
});
