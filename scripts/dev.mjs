// `npm run dev`: the set-up, then the same as `npm start`. A changed source file restarts the API and the worker.
import './close-library-output.mjs';
import { setUpOrExit } from './setup.mjs';

await setUpOrExit();

const { register } = await import('tsx/esm/api');
register();
const { start } = await import('../src/main/start.ts');
process.exit(
  await start({ args: process.argv.slice(2), env: process.env, code: 'sources', isDevelopment: true }),
);
