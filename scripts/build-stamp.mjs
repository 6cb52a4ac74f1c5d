// The built files in dist/ and the sources that they were built of.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folders = ['src', 'workflows', 'activities', 'migrations'];
/** What else the build depends on: the versions of the packages that go into the bundle of the workflows, and the build itself. */
const files = [
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'scripts/build.mjs',
];
const stampFile = (folder) => join(folder, 'sources.sha256');

/** A hash of the names and contents of everything that is built. */
export function fingerprintSources(root) {
  const sources = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  const hash = createHash('sha256');
  for (const file of [...sources.toSorted(), ...files.map((name) => join(root, name))]) {
    const content = readFileSync(file);
    hash.update(`${file.slice(root.length)}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

/** Writes down of which sources `folder` was built. The fingerprint was taken before the build, so that a change during it counts. */
export function stampBuild(folder, fingerprint) {
  writeFileSync(stampFile(folder), `${fingerprint}\n`);
}

/** Whether dist/ was built of the sources as they are now. */
export function isBuildCurrent(root) {
  try {
    return readFileSync(stampFile(join(root, 'dist')), 'utf8').trim() === fingerprintSources(root);
  } catch {
    return false;
  }
}
