import { expect, it } from 'vitest';
import { addSamples } from '../../../src/stack/add-samples.ts';
import type { ApiClient } from '../../../src/stack/api-client.ts';

it.each([
  { hasKey: true, said: /has an embedding key/ },
  { hasKey: false, said: /has no embedding key: set one/ },
])(
  'with another embedding service start says whether the demo tenant has a key: $hasKey',
  async ({ hasKey, said }) => {
    const lines: string[] = [];
    const searches = await addSamples({
      ...{ api: tenantWith(hasKey), keys, isLocalModel: false },
      log: (line) => lines.push(line),
    });
    expect(lines.at(-1)).toMatch(said);
    expect(searches).toBe(false);
  },
);

const keys = { agent: 'a', orchestrator: 'o', user: 'u' };

/** A tenant of no articles, which takes each sample. */
const tenantWith =
  (hasKey: boolean): ApiClient =>
  async ({ method, path }) => {
    if (path.endsWith('/llm-config')) return { status: 200, body: { has_embedding_key: hasKey } };
    return method === 'POST'
      ? { status: 201, body: {} }
      : { status: 200, body: { data: [], meta: { next_cursor: null } } };
  };
