// `npm run bench:search`: the set-up, then measures searches at 10,000 and 100,000 chunks (`-- --small` for a quick run, `-- --json FILE`).
import './close-library-output.mjs';
import { setUpOrExit } from './setup.mjs';

await setUpOrExit();

const { register } = await import('tsx/esm/api');
register();
const { runSearchBench } = await import('../test/bench/search/run-search-bench.ts');
process.exit(await runSearchBench({ args: process.argv.slice(2), env: process.env }));
