// Preloaded instead of `tsx` itself. tsx starts a compiler process, and with NODE_DEBUG=child_process Node.js would print the
// environment that it passes on, the token of Vault included, before the first line of ours runs.
import { discardStandardError } from './library-output.mjs';

if (process.env.NODE_DEBUG || process.env.NODE_DEBUG_NATIVE) discardStandardError();
await import('tsx');
