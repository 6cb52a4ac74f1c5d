import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..');

/** A file of the house, and what it would like to import. */
type Import = readonly [file: string, imported: string];

const refused: Import[] = [
  ['src/domain/x.ts', '../platform/postgres.ts'],
  ['src/domain/x.ts', '../config.ts'],
  ['src/platform/x.ts', '../http/app.ts'],
  ['src/platform/http/x.ts', '../../articles/article.ts'],
  ['src/usage/x.ts', '../providers/guard.ts'],
  ['src/articles/x.ts', '../stack/stack.ts'],
  ['src/articles/x.ts', '../embedding/store.ts'],
  ['src/articles/x.ts', '../embedding/outbox-store.ts'],
  ['src/search/x.ts', '../config.ts'],
  ['src/knowledge/x.ts', '../search/store.ts'],
  ['src/http/x.ts', '../../test/support/tiny-app.ts'],
  ['src/providers/x.ts', 'openai'],
  ['src/providers/embedding/embedding-client.ts', '@anthropic-ai/sdk'],
  ['src/providers/embedding/embedding-client.ts', '../http/app.ts'],
  ['src/main/x.ts', 'openai'],
  ['src/stack/x.ts', '../articles/service.ts'],
  ['src/stack/samples/x.ts', '../../platform/postgres.ts'],
  ['src/config.ts', './platform/logging.ts'],
  ['migrations/x.ts', '../src/domain/failures.ts'],
  ['activities/x.ts', '../src/embedding/status-store.ts'],
  ['activities/x.ts', '../src/config.ts'],
  ['workflows/x.ts', '../src/embedding/backlog/backlog.ts'],
];
const allowed: Import[] = [
  ['src/platform/http/x.ts', '../postgres.ts'],
  ['src/platform/idempotency/x.ts', '../http/route.ts'],
  ['src/articles/x.ts', '../embedding/article-embeddings.ts'],
  ['src/articles/x.ts', './store.ts'],
  ['src/knowledge/x.ts', '../search/service.ts'],
  ['src/providers/embedding/embedding-client.ts', 'openai'],
  ['src/main/x.ts', '../embedding/store.ts'],
  ['src/stack/x.ts', '../domain/naming.ts'],
  ['src/stack/samples/x.ts', '../../articles/article.ts'],
  ['src/config.ts', './domain/embed-article.ts'],
  ['migrations/x.ts', './row-level-security.ts'],
  ['workflows/x.ts', '../src/domain/temporal-names.ts'],
];

// A house with nothing in it but these imports, under the real configuration.
let house: string;
let errors: ReadonlySet<string>;
const lines = new Map<string, string[]>();
for (const [file, imported] of [...refused, ...allowed]) {
  lines.set(file, [...(lines.get(file) ?? []), `import '${imported}';`]);
}

beforeAll(() => {
  house = realpathSync(mkdtempSync(join(tmpdir(), 'lorekeep-imports-')));
  copyFileSync(join(root, 'biome.json'), join(house, 'biome.json'));
  for (const [file, imports] of lines) {
    mkdirSync(dirname(join(house, file)), { recursive: true });
    writeFileSync(join(house, file), imports.join('\n'));
  }
  const { stdout } = spawnSync(
    process.execPath,
    [
      join(root, 'node_modules', '@biomejs', 'biome', 'bin', 'biome'),
      ...['lint', '--only=style/noRestrictedImports', '--vcs-enabled=false'],
      ...['--reporter=github', '--max-diagnostics=none', '.'],
    ],
    { cwd: house, encoding: 'utf8' },
  );
  const found = stdout.matchAll(/title=lint\/style\/noRestrictedImports,file=([^,]+),line=(\d+)/g);
  errors = new Set([...found].map(([, file = '', line]) => `${relative(house, file)}:${line}`));
});

afterAll(() => rmSync(house, { recursive: true, force: true }));

const isRefused = ([file, imported]: Import) =>
  errors.has(`${file}:${(lines.get(file) ?? []).indexOf(`import '${imported}';`) + 1}`);

describe('an import', () => {
  it.each(refused)('by %s of %s is refused', (...each) => {
    expect(isRefused(each)).toBe(true);
  });

  it.each(allowed)('by %s of %s is not', (...each) => {
    expect(isRefused(each)).toBe(false);
  });
});
