import { expect, it } from 'vitest';
import { providersDocument } from '../../src/main/providers-document.ts';
import { vendorNames } from '../../src/providers/catalogue/create-catalogue.ts';
import { document } from './declared-routes.ts';
import { readSource } from './house.ts';

it('docs/providers.md is what `npm run providers` writes from the catalogue', () => {
  expect(readSource('docs/providers.md')).toBe(providersDocument());
});

it('the OpenAPI document names the providers of the catalogue', () => {
  const schema = JSON.stringify(document.components?.schemas?.LlmConfigPatch);
  for (const name of vendorNames) expect(schema).toContain(`"${name}"`);
});
