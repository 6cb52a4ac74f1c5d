// `npm test`: the set-up, then all tests, or those that the arguments name (`npm test -- test/unit`).
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setUpOrExit } from './setup.mjs';

await setUpOrExit();

const root = join(import.meta.dirname, '..');
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
const child = spawn(process.execPath, [vitest, 'run', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
});
// Ctrl-C reaches the child directly. This process waits until the child has ended.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.once('exit', (code) => process.exit(code ?? 1));
