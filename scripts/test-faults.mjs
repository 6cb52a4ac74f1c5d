// `npm run test:faults`: the set-up, then the matrix of faults and the invariants. With `--planted` it plants faults in a copy of
// the project, one at a time, and shows whether the tests notice them (`-- --planted guard outbox`, `-- --planted --list`).
import './close-library-output.mjs';
import { setUpOrExit } from './setup.mjs';

const given = process.argv.slice(2);
if (!given.includes('--planted')) {
  process.argv.splice(2, given.length, 'test/faults', ...given);
  await import('./test.mjs');
} else {
  await setUpOrExit();

  const { register } = await import('tsx/esm/api');
  register();
  const { runPlanted } = await import('../test/faults/planted/run-planted.ts');
  process.exit(await runPlanted({ args: given, env: process.env }));
}
