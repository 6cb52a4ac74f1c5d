// `npm start`: the set-up, then the whole of Lorekeep in this process (src/main/start.ts reads the arguments).
import { setUpOrExit } from './setup.mjs';

await setUpOrExit();

const { register } = await import('tsx/esm/api');
register();
await import('../src/main/start.ts');
