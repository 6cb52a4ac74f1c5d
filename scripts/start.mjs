// `npm start`: the set-up, then the embedded services and Lorekeep.
import './close-library-output.mjs';
import { setUpOrExit } from './setup.mjs';

await setUpOrExit();

const { register } = await import('tsx/esm/api');
register();
const { start } = await import('../src/main/start.ts');
process.exit(await start({ args: process.argv.slice(2), env: process.env }));
