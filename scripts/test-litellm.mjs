// `npm run test:litellm`: the set-up, LiteLLM's proxy from the Python package index into an environment of its own (about 350 MB,
// once), and the tests of a tenant whose provider it is. The only test that needs the network, for this installation.
import './close-library-output.mjs';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setUpOrExit } from './setup.mjs';

await setUpOrExit();

const root = join(import.meta.dirname, '..');
const venvDir = join(root, '.stack', 'litellm');
const requirementsFile = join(import.meta.dirname, 'litellm-requirements.txt');
const stampFile = join(venvDir, 'requirements.txt');
const requirements = readFileSync(requirementsFile, 'utf8');

if (!existsSync(stampFile) || readFileSync(stampFile, 'utf8') !== requirements) {
  console.log('installing LiteLLM …');
  rmSync(stampFile, { force: true });
  run(join(root, '.stack', 'venv', 'bin', 'python'), ['-m', 'venv', '--clear', venvDir]);
  const args = ['--no-deps', '--only-binary', ':all:', '--no-input', '--quiet'];
  run(join(venvDir, 'bin', 'python'), ['-m', 'pip', 'install', ...args, '-r', requirementsFile]);
  // Last, so that an installation that was interrupted begins anew.
  writeFileSync(stampFile, requirements);
}
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
run(process.execPath, [vitest, 'run', '--config', join(root, 'test', 'vendors', 'vitest.config.ts')]);

/** Runs a command, and ends this process with its code when it fails. */
function run(command, args) {
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
