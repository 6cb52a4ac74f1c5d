import { appendFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { watchSources } from '../../src/stack/source-watcher.ts';
import { factsOfDirectory } from './directory-facts.ts';

// `watch` watches the folder `src` of `root` until the fact ends, and collects what is reported.
const test = factsOfDirectory()
  .extend('root', async ({ dir }): Promise<string> => {
    await makeSources(dir);
    return dir;
  })
  .extend('watch', ({ root }, { onCleanup }) => {
    let close = async (): Promise<void> => undefined;
    onCleanup(() => close());
    return async (onChange?: () => Promise<void>) => {
      const watching = await watchFolder(root, onChange);
      close = watching.close;
      return watching;
    };
  });

test('reports the files that change in a burst together, new ones and those in new folders included', async ({
  root,
  watch,
}) => {
  const { reports } = await watch();
  await change(root, 'src', 'deep', 'a.ts');
  await change(root, 'src', 'b.ts');
  await mkdir(join(root, 'src', 'new'));
  await change(root, 'src', 'new', 'c.ts');
  await expect.poll(() => reports.flat().sort()).toEqual(['src/b.ts', 'src/deep/a.ts', 'src/new/c.ts']);
  expect(reports).toHaveLength(1);
});

test('does not report other files, and not the files that were there before', async ({ root, watch }) => {
  const { reports } = await watch();
  await change(root, 'src', 'notes.md');
  await change(root, 'test', 'a.test.ts');
  await settle();
  expect(reports).toEqual([]);
});

test('reports a removed file', async ({ root, watch }) => {
  const { reports } = await watch();
  await rm(join(root, 'src', 'deep', 'a.ts'));
  await expect.poll(() => reports).toEqual([['src/deep/a.ts']]);
});

test('reports changes during a report afterwards, and goes on after a report that fails', async ({
  root,
  watch,
}) => {
  let finish: () => void = () => undefined;
  const { reports, errors } = await watch(
    () =>
      new Promise((_, reject) => {
        finish = () => reject(new Error('the report failed'));
      }),
  );
  await change(root, 'src', 'b.ts');
  await expect.poll(() => reports).toEqual([['src/b.ts']]);
  await change(root, 'src', 'c.ts');
  await settle();
  expect(reports).toEqual([['src/b.ts']]);
  finish();
  await expect.poll(() => reports).toEqual([['src/b.ts'], ['src/c.ts']]);
  expect(errors).toEqual([new Error('the report failed')]);
  finish();
});

async function makeSources(root: string): Promise<void> {
  await mkdir(join(root, 'src', 'deep'), { recursive: true });
  await mkdir(join(root, 'test'));
  await writeFile(join(root, 'src', 'deep', 'a.ts'), '');
}

async function watchFolder(root: string, onChange: () => Promise<void> = async () => undefined) {
  const reports: (readonly string[])[] = [];
  const errors: unknown[] = [];
  const watcher = await watchSources({
    root,
    folders: ['src'],
    onChange: async (files) => {
      reports.push(files);
      await onChange();
    },
    onError: (error) => errors.push(error),
  });
  return { reports, errors, close: watcher.close };
}

function change(root: string, ...path: string[]): Promise<void> {
  return appendFile(join(root, ...path), '// changed\n');
}

/** Waits longer than the watcher takes to report a change. */
function settle(): Promise<void> {
  return delay(800);
}
