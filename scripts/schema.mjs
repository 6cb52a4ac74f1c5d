// `npm run schema`: the set-up, then docs/schema.sql anew, from a database that the migrations have made.
import './close-library-output.mjs';
import { setUpOrExit } from './setup.mjs';

await setUpOrExit();

const { register } = await import('tsx/esm/api');
register();
const { writeSchema } = await import('../src/main/schema.ts');
await writeSchema(process.env);
process.exit(0);
