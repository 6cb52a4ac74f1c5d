// `npm run providers`: the set-up, then docs/providers.md anew, from the catalogue.
import './close-library-output.mjs';
import { setUpOrExit } from './setup.mjs';

await setUpOrExit();

const { register } = await import('tsx/esm/api');
register();
const { writeProvidersDocument } = await import('../src/main/providers-document.ts');
await writeProvidersDocument();
process.exit(0);
