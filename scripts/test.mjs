// `npm test`: the set-up, then all tests, or those that the arguments name (`npm test -- test/unit`).

import './close-library-output.mjs';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { standardErrorOfChildren } from './library-output.mjs';
import { setUpOrExit } from './setup.mjs';

await setUpOrExit();

const root = join(import.meta.dirname, '..');
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
const child = spawn(process.execPath, [vitest, 'run', ...process.argv.slice(2)], {
  cwd: root,
  // Where the standard error is discarded, that of the tests goes to the standard output.
  stdio: ['inherit', 'inherit', standardErrorOfChildren()],
});
// Ctrl-C reaches the child directly. This process waits until the child has ended.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.once('exit', (code) => process.exit(code ?? 1));
