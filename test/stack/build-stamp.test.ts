import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test as base, expect } from 'vitest';
import { fingerprintSources, isBuildCurrent, stampBuild } from '../../scripts/build-stamp.mjs';
import { newDir } from './running-stack.ts';

const it = base.extend('clone', async ({}, { onCleanup }) => {
  const clone = newDir();
  onCleanup(() => rm(clone, { recursive: true, force: true }));
  for (const folder of ['src', 'workflows', 'activities', 'migrations', 'scripts', 'dist']) {
    await mkdir(join(clone, folder), { recursive: true });
  }
  const root = join(import.meta.dirname, '..', '..');
  for (const file of [
    'package.json',
    'package-lock.json',
    'tsconfig.json',
    'tsconfig.build.json',
    'scripts/build.mjs',
  ]) {
    await cp(join(root, file), join(clone, file));
  }
  await writeFile(join(clone, 'src', 'one.ts'), 'export const one = 1;\n');
  return clone;
});

it('takes a build for current until a source is changed, added or removed', async ({ clone }) => {
  expect(isBuildCurrent(clone)).toBe(false);
  stampBuild(join(clone, 'dist'), fingerprintSources(clone));
  expect(isBuildCurrent(clone)).toBe(true);

  await writeFile(join(clone, 'src', 'one.ts'), 'export const one = 2;\n');
  expect(isBuildCurrent(clone)).toBe(false);
  await writeFile(join(clone, 'src', 'one.ts'), 'export const one = 1;\n');
  expect(isBuildCurrent(clone)).toBe(true);

  await writeFile(join(clone, 'workflows', 'two.ts'), '');
  expect(isBuildCurrent(clone)).toBe(false);
  await rm(join(clone, 'workflows', 'two.ts'));
  expect(isBuildCurrent(clone)).toBe(true);
});

it('takes a build for old once another package is installed', async ({ clone }) => {
  stampBuild(join(clone, 'dist'), fingerprintSources(clone));
  await writeFile(join(clone, 'package-lock.json'), '{}');
  expect(isBuildCurrent(clone)).toBe(false);
});
