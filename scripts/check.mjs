// `npm run check`: installs the Node packages, then runs the linter and the type checker. It runs both, so that one run shows
// everything, and fails if one of them does.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setUpOrExit } from './setup.mjs';

await setUpOrExit({ services: false });

const root = join(import.meta.dirname, '..');
const bin = (...path) => join(root, 'node_modules', ...path);
const steps = [
  [bin('@biomejs', 'biome', 'bin', 'biome'), 'check', '--error-on-warnings', '.'],
  [bin('typescript', 'bin', 'tsc'), '--noEmit'],
];
for (const step of steps) {
  const { status } = spawnSync(process.execPath, step, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exitCode = status ?? 1;
}
