// `npm run bench:gate`: the set-up, then measures how well each way to compare two articles recognises a duplicate.
import './close-library-output.mjs';
import { setUpOrExit } from './setup.mjs';

await setUpOrExit();

const { register } = await import('tsx/esm/api');
register();
const { runNearDuplicates } = await import('../test/quality/near-duplicates/run.ts');
process.exit(await runNearDuplicates());
