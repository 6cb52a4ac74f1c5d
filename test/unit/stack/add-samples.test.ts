import { expect, it } from 'vitest';
import { addSamples } from '../../../src/stack/add-samples.ts';
import type { ApiClient } from '../../../src/stack/api-client.ts';
import { showcase } from '../../../src/stack/samples/index.ts';

it.each([
  { hasKey: true, said: /has an embedding key/ },
  { hasKey: false, said: /has no embedding key: set one/ },
])(
  'with another embedding service start says whether the demo tenant has a key, and shows no search: $hasKey',
  async ({ hasKey, said }) => {
    const lines: string[] = [];
    await addSamples({
      ...{ api: tenantWith({ hasKey, lists: [[]] }), keys, isLocalModel: false },
      log: (line) => lines.push(line),
      showSearch: async () => void lines.push('a search'),
    });
    expect(lines.at(-1)).toMatch(said);
    expect(lines).not.toContain('a search');
  },
);

it('shows the search as soon as its sample is embedded, while others wait', async () => {
  const other = '01-changing-a-large-postgres-table';
  const states: string[] = [];
  const lists = [
    [],
    [sample(showcase.slug, 'pending'), sample(other, 'pending')],
    [sample(showcase.slug, 'embedded'), sample(other, 'pending')],
    [sample(showcase.slug, 'embedded'), sample(other, 'embedded')],
  ];
  await addSamples({
    ...{ api: tenantWith({ hasKey: true, lists }), keys, isLocalModel: true },
    log: () => undefined,
    showSearch: async () => void states.push(`${lists.length} to come`),
  });
  expect(states).toEqual(['1 to come']);
});

it('publishes the sample of the search first', async () => {
  const published: unknown[] = [];
  const tenant = tenantWith({ hasKey: false, lists: [[]] });
  const api: ApiClient = (request) => {
    if (request.method === 'POST') published.push(request.idempotencyKey);
    return tenant(request);
  };
  const showSearch = async () => undefined;
  await addSamples({ api, keys, isLocalModel: false, log: () => undefined, showSearch });
  expect(published.length).toBeGreaterThan(30);
  expect(published[0]).toBe(`sample-${showcase.slug}`);
});

const keys = { agent: 'a', orchestrator: 'o', user: 'u' };

const sample = (slug: string, status: string) => ({
  metadata: { sample: slug },
  status: 'published',
  embedding: { status, reason: null },
});

/** A tenant that takes each sample, and has the articles of the next list each time that it is asked. */
const tenantWith =
  ({ hasKey, lists }: { readonly hasKey: boolean; readonly lists: unknown[][] }): ApiClient =>
  async ({ method, path }) => {
    if (path.endsWith('/llm-config')) return { status: 200, body: { has_embedding_key: hasKey } };
    return method === 'POST'
      ? { status: 201, body: {} }
      : { status: 200, body: { data: lists.shift() ?? [], meta: { next_cursor: null } } };
  };
