// `npm run bench`: the set-up, then all benchmarks, or those that the arguments name (`npm run bench -- a b --json FILE`).
import './close-library-output.mjs';
import { setUpOrExit } from './setup.mjs';

await setUpOrExit({ build: true });

const { register } = await import('tsx/esm/api');
register();
const { runBenches } = await import('../test/bench/run-benches.ts');
process.exit(await runBenches({ args: process.argv.slice(2), env: process.env }));
