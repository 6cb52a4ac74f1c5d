import { appendFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { watchSources } from '../../src/stack/source-watcher.ts';
import { newDir } from './running-stack.ts';

let root: string;
let close: () => Promise<void> = async () => undefined;
let reports: (readonly string[])[];
let errors: unknown[];

beforeEach(async () => {
  root = newDir();
  reports = [];
  errors = [];
  await mkdir(join(root, 'src', 'deep'), { recursive: true });
  await mkdir(join(root, 'test'));
  await writeFile(join(root, 'src', 'deep', 'a.ts'), '');
});
afterEach(async () => {
  await close();
  await rm(root, { recursive: true, force: true });
});

const watch = async (onChange: () => Promise<void> = async () => undefined) => {
  const watcher = await watchSources({
    root,
    folders: ['src'],
    onChange: async (files) => {
      reports.push(files);
      await onChange();
    },
    onError: (error) => errors.push(error),
  });
  close = watcher.close;
};
const change = (...path: string[]) => appendFile(join(root, ...path), '// changed\n');
/** Longer than the watcher takes to report a change. */
const settle = () => delay(800);

test('reports the files that change in a burst together, new ones and those in new folders included', async () => {
  await watch();
  await change('src', 'deep', 'a.ts');
  await change('src', 'b.ts');
  await mkdir(join(root, 'src', 'new'));
  await change('src', 'new', 'c.ts');
  await expect.poll(() => reports.flat().sort()).toEqual(['src/b.ts', 'src/deep/a.ts', 'src/new/c.ts']);
  expect(reports).toHaveLength(1);
});

test('does not report other files, and not the files that were there before', async () => {
  await watch();
  await change('src', 'notes.md');
  await change('test', 'a.test.ts');
  await settle();
  expect(reports).toEqual([]);
});

test('reports a removed file', async () => {
  await watch();
  await rm(join(root, 'src', 'deep', 'a.ts'));
  await expect.poll(() => reports).toEqual([['src/deep/a.ts']]);
});

test('reports changes during a report afterwards, and goes on after a report that fails', async () => {
  let finish: () => void = () => undefined;
  await watch(
    () =>
      new Promise((_, reject) => {
        finish = () => reject(new Error('the report failed'));
      }),
  );
  await change('src', 'b.ts');
  await expect.poll(() => reports).toEqual([['src/b.ts']]);
  await change('src', 'c.ts');
  await settle();
  expect(reports).toEqual([['src/b.ts']]);
  finish();
  await expect.poll(() => reports).toEqual([['src/b.ts'], ['src/c.ts']]);
  expect(errors).toEqual([new Error('the report failed')]);
  finish();
});
