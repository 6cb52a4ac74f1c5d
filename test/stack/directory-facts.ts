import { rm } from 'node:fs/promises';
import { test as base } from 'vitest';
import { newDir } from './running-stack.ts';

/** Facts with a directory of their own: `dir` does not exist when a fact begins, and is removed when it ends. */
export const factsOfDirectory = () =>
  base.extend('dir', ({}, { onCleanup }): string => {
    const dir = newDir();
    onCleanup(() => rm(dir, { recursive: true, force: true }));
    return dir;
  });
