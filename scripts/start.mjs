// `npm start`: the set-up, then the embedded services and Lorekeep, from the built files.
import './close-library-output.mjs';
import { join } from 'node:path';
import { setUpOrExit } from './setup.mjs';

await setUpOrExit({ build: true });

const { isBuildCurrent } = await import('./build-stamp.mjs');
const options = { args: process.argv.slice(2), env: process.env };
if (isBuildCurrent(join(import.meta.dirname, '..'))) {
  const { start } = await import('../dist/src/main/start.js');
  process.exit(await start({ ...options, code: 'build' }));
} else {
  // The build has failed, or a source has changed during it.
  const { register } = await import('tsx/esm/api');
  register();
  const { start } = await import('../src/main/start.ts');
  process.exit(await start({ ...options, code: 'sources' }));
}
