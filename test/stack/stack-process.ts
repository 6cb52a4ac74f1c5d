// A stack in a process of its own, which a test can kill: `node --import tsx stack-process.ts <dir> <venv dir> <mode>`.
// Prints the endpoints as one line of JSON once it runs.
import { startStack } from '../../src/stack/stack.ts';

const [dir = '', venvDir = '', mode] = process.argv.slice(2);
const stack = await startStack({
  dir,
  venvDir,
  mode: mode === 'persistent' ? 'persistent' : 'ephemeral',
  env: {},
  log: (line) => process.stderr.write(`${line}\n`),
  embeddingThreads: 1,
});
process.once('SIGTERM', () => void stack.stop().then(() => process.exit(0)));
process.stdout.write(`${JSON.stringify(stack)}\n`);
setInterval(() => undefined, 60_000);
