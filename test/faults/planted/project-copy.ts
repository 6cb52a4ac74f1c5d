import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { occurrences, type PlantedFault } from './planted-fault.ts';

/** A copy of the project, in which faults can be planted without harm. */
export interface ProjectCopy {
  readonly dir: string;
  /** Plants the fault and returns a function that takes it out again. Throws when its text does not stand there exactly once. */
  plant(fault: PlantedFault): Promise<() => Promise<void>>;
  remove(): Promise<void>;
}

const leftOut = new Set(['.git', '.stack', 'node_modules', 'dist', 'coverage']);

/** Copies the project's files to a temporary folder. What is installed is linked, because it is large and stays as it is. */
export async function copyProject(root: string): Promise<ProjectCopy> {
  const dir = await mkdtemp(join(tmpdir(), 'lorekeep-planted-'));
  await cp(root, dir, {
    recursive: true,
    filter: (path) => !leftOut.has(relative(root, path).split('/')[0] ?? ''),
  });
  await mkdir(join(dir, '.stack'));
  await symlink(join(root, 'node_modules'), join(dir, 'node_modules'));
  await symlink(join(root, '.stack', 'venv'), join(dir, '.stack', 'venv'));

  return {
    dir,
    async plant({ file, find, replace }) {
      const path = join(dir, file);
      const whole = await readFile(path, 'utf8');
      if (occurrences(whole, find) !== 1) throw new Error(`${file} does not hold this text once: ${find}`);
      // A function, because a `$` in the replacement of a string has a meaning of its own.
      await writeFile(
        path,
        whole.replace(find, () => replace),
      );
      return () => writeFile(path, whole);
    },
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}
