// What `npm start` runs after the set-up, for a directory of a test's own: `node --import tsx start-process.ts <dir> <args…>`.
import { start } from '../../src/main/start.ts';

const [stackDir = '', ...args] = process.argv.slice(2);
process.exit(await start({ args, env: process.env, code: 'sources', stackDir }));
