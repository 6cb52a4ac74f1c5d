// `npm run bench:quality`: the set-up, then measures how well each search mode answers the judged queries, or those of judged
// collections (`-- --collection FOLDER`, several times if wanted).
import './close-library-output.mjs';
import { parseArgs } from 'node:util';
import { setUpOrExit } from './setup.mjs';

const { values } = parseArgs({ options: { collection: { type: 'string', multiple: true } } });

await setUpOrExit();

const { register } = await import('tsx/esm/api');
register();
if (values.collection === undefined) {
  const { runJudgedQueries } = await import('../test/quality/judged-queries-run.ts');
  process.exit(await runJudgedQueries(process.env));
}
const { runCollections } = await import('../test/quality/collections/run.ts');
process.exit(await runCollections(values.collection, process.env));
