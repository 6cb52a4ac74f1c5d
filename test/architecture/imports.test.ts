import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importsOf, layers, refusal, root, sourceFiles } from './house.ts';

describe('the rooms of src', () => {
  it('are all in the list of layers, which names no other', () => {
    const folders = readdirSync(join(root, 'src'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name !== 'stack')
      .map(({ name }) => name);
    const rooms = [...folders, 'providers/catalogue'];
    expect(layers.flat().toSorted()).toEqual(rooms.toSorted());
  });

  it('import downwards only', () => {
    const wrong = sourceFiles.flatMap((file) =>
      ofProject(file).flatMap((imported) => {
        const why = refusal(file, imported);
        return why === undefined ? [] : `${file} imports ${imported}: ${why}`;
      }),
    );
    expect(wrong).toEqual([]);
  });

  it('have no circle of files that need each other’s values', () => {
    const circles: string[] = [];
    const done = new Set<string>();
    const visit = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
      if (path.includes(file) || done.has(file)) return;
      for (const imported of ofProject(file, 'values')) visit(imported, [...path, file]);
      done.add(file);
    };
    for (const file of sourceFiles) visit(file, []);
    expect(circles).toEqual([]);
  });

  it('import files that are there', () => {
    const missing = sourceFiles.flatMap((file) =>
      importsOf(file)
        .filter((path) => path.endsWith('.ts') && !existsSync(join(root, path)))
        .map((path) => `${file}: ${path}`),
    );
    expect(missing).toEqual([]);
  });

  it('are all found: every file but the lowest imports something', () => {
    const lonely = sourceFiles.filter((file) => importsOf(file).length === 0);
    expect(sourceFiles.length).toBeGreaterThan(200);
    expect(lonely.length).toBeLessThan(sourceFiles.length / 8);
  });
});

/** A file of the house, and what it would like to import. */
type Import = readonly [file: string, imported: string];

const refused: Import[] = [
  ['src/domain/x.ts', 'src/platform/postgres/database.ts'],
  ['src/domain/x.ts', 'src/config.ts'],
  ['src/platform/x.ts', 'src/http/app.ts'],
  ['src/platform/http/x.ts', 'src/articles/article.ts'],
  ['src/tenants/x.ts', 'src/audit/service.ts'],
  ['src/usage/x.ts', 'src/llm-config/settings.ts'],
  ['src/llm-config/x.ts', 'src/usage/service.ts'],
  ['src/usage/x.ts', 'src/providers/guard.ts'],
  ['src/llm-config/x.ts', 'src/providers/guard.ts'],
  ['src/providers/catalogue/vendors/x.ts', 'src/platform/net/address-check.ts'],
  ['src/providers/catalogue/x.ts', 'src/providers/guard.ts'],
  ['src/config.ts', 'src/providers/catalogue/vendors.ts'],
  ['src/embedding/x.ts', 'src/proposals/gate.ts'],
  ['src/proposals/x.ts', 'src/articles/article.ts'],
  ['src/articles/x.ts', 'src/stack/stack.ts'],
  ['src/articles/x.ts', 'src/vectors/spaces-store.ts'],
  ['src/articles/x.ts', 'src/outbox/store.ts'],
  ['src/proposals/x.ts', 'src/embedding/article-read-model.ts'],
  ['src/search/x.ts', 'src/config.ts'],
  ['src/knowledge/x.ts', 'src/articles/store.ts'],
  ['src/http/x.ts', 'test/support/tiny-app.ts'],
  ['src/main/x.ts', 'scripts/setup.mjs'],
  ['src/stack/x.ts', 'src/articles/service.ts'],
  ['src/stack/samples/x.ts', 'src/platform/postgres/database.ts'],
  ['src/config.ts', 'src/platform/telemetry/logging.ts'],
  ['migrations/x.ts', 'src/domain/failures.ts'],
  ['activities/x.ts', 'src/embedding/status-store.ts'],
  ['activities/x.ts', 'src/config.ts'],
  ['activities/x.ts', 'src/main/services.ts'],
  ['workflows/x.ts', 'src/embedding/backlog/backlog.ts'],
];
const allowed: Import[] = [
  ['src/platform/http/x.ts', 'src/platform/postgres/database.ts'],
  ['src/platform/idempotency/x.ts', 'src/platform/http/route.ts'],
  ['src/articles/x.ts', 'src/embedding/article-embeddings.ts'],
  ['src/articles/x.ts', 'src/articles/store.ts'],
  ['src/proposals/x.ts', 'src/vectors/chunk-store.ts'],
  ['src/knowledge/x.ts', 'src/search/service.ts'],
  ['src/main/x.ts', 'src/stack/stack.ts'],
  ['src/stack/x.ts', 'src/domain/temporal-names.ts'],
  ['src/stack/samples/x.ts', 'src/articles/article.ts'],
  ['src/config.ts', 'src/domain/operations.ts'],
  ['src/config.ts', 'src/providers/catalogue/base-url.ts'],
  ['src/llm-config/x.ts', 'src/providers/catalogue/vendor.ts'],
  ['src/providers/x.ts', 'src/providers/catalogue/vendor.ts'],
  ['src/providers/catalogue/vendors/x.ts', 'src/providers/catalogue/vendor.ts'],
  ['src/providers/catalogue/x.ts', 'src/domain/failures.ts'],
  ['migrations/x/y.ts', 'migrations/row-level-security.ts'],
  ['workflows/x.ts', 'src/domain/temporal-names.ts'],
  ['activities/x.ts', 'src/embedding/embed-article.ts'],
];

describe('an import', () => {
  it.each(refused)('by %s of %s is refused', (file, imported) => {
    expect(refusal(file, imported)).toEqual(expect.any(String));
  });

  it.each(allowed)('by %s of %s is not', (file, imported) => {
    expect(refusal(file, imported)).toBeUndefined();
  });
});

function ofProject(file: string, kind: 'all' | 'values' = 'all') {
  return importsOf(file, kind).filter((path) => sourceFiles.includes(path) || /^(test|scripts)\//.test(path));
}
