import { join, relative } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { expect, it } from 'vitest';
import { z } from 'zod';

const root = join(import.meta.dirname, '..', '..');
const workflowsPath = join(root, 'workflows', 'index.ts');

it('holds the workflows, the pure domain, and nothing else of this project', async () => {
  const sources = await sourcesOfBundle();
  expect(sources).toContain('workflows/EmbedArticle.ts');
  expect(sources).toContain('src/domain/failures.ts');
  expect(sources.filter((source) => !/^(workflows|src\/domain)\//.test(source))).toEqual([]);
});

/** The files of this project that the bundle is made of, relative to its root. */
async function sourcesOfBundle(): Promise<string[]> {
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
  const [, base64] =
    /sourceMappingURL=data:application\/json;charset=utf-8;base64,([\w+/=]+)/.exec(code) ?? [];
  const map = z
    .object({ sources: z.array(z.string()) })
    .parse(JSON.parse(Buffer.from(base64 ?? '', 'base64').toString('utf8')));
  return map.sources
    .filter((source) => source.startsWith(root) && !source.includes('node_modules') && source.endsWith('.ts'))
    .map((source) => relative(root, source));
}
