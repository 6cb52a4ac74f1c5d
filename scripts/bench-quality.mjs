// `npm run bench:quality`: the set-up, then measures how well each search mode answers the judged queries.
import './close-library-output.mjs';
import { setUpOrExit } from './setup.mjs';

await setUpOrExit();

const { register } = await import('tsx/esm/api');
register();
const { runJudgedQueries } = await import('../test/quality/judged-queries-run.ts');
process.exit(await runJudgedQueries(process.env));
