import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const roots = ['src', 'workflows', 'activities', 'migrations'];

const files = roots.flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => relative(root, join(root, folder, name))),
);

describe('a provider', () => {
  it('is reached by its client alone', () => {
    expect(filesWith(/\bcreateBoundedFetch\(/)).toEqual([
      'src/providers/anthropic/anthropic-client.ts',
      'src/providers/embedding/embedding-client.ts',
      'src/providers/rerank/rerank-client.ts',
      'src/providers/wire/bounded-fetch.ts',
    ]);
    expect(importersOf(/^@anthropic-ai\/sdk(\/|$)/)).toEqual(['src/providers/anthropic/anthropic-client.ts']);
  });

  it('has a client that only the guarded call holds', () => {
    expect(importersOf(/embedding-client\.ts$/)).toEqual(['src/providers/embedding/guarded-embedding.ts']);
    expect(importersOf(/rerank-client\.ts$/)).toEqual(['src/providers/rerank/guarded-rerank.ts']);
    expect(importersOf(/anthropic-client\.ts$/)).toEqual(['src/providers/anthropic/guarded-anthropic.ts']);
  });

  it('is asked for nothing by plain fetch but inside that client', () => {
    // A method of that name is asked of the safe fetch, which refuses every address that is not public.
    const fetching = filesWith(/(?<!\.)\bfetch\(/);
    // The stack and the metrics ask servers of their own, on the loopback address; `npm run mcp` asks the API.
    const ofTheirOwn = /^src\/(stack|main\/start|platform\/temporal\/sdk-metrics|mcp)/;
    expect(fetching.filter((file) => !ofTheirOwn.test(file))).toEqual([
      'src/platform/net/safe-fetch.ts',
      'src/providers/wire/bounded-fetch.ts',
    ]);
    expect(importersOf(/^undici$/).filter((file) => !file.startsWith('src/platform/net/'))).toEqual([
      'src/providers/wire/bounded-fetch.ts',
    ]);
  });
});

/** The files whose text matches. */
const filesWith = (pattern: RegExp) =>
  files.filter((file) => pattern.test(readFileSync(join(root, file), 'utf8'))).sort();

/** The files that import a module whose specifier matches, be it for its values or for its types. */
function importersOf(specifier: RegExp): string[] {
  const imports = /(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g;
  return files.filter((file) =>
    [...readFileSync(join(root, file), 'utf8').matchAll(imports)].some(([, found]) =>
      specifier.test(found ?? ''),
    ),
  );
}
