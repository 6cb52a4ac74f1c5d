// What Node.js or a library prints with a debugging switch set shows the token of Vault and logins.
// src/platform/telemetry/library-output.ts keeps it out of the output of the API and the worker, this file out of the scripts'.
import { closeSync, openSync } from 'node:fs';

/** The debugging switches of Node.js and of our libraries, as src/platform/telemetry/library-output.ts has them. */
const debugSwitch =
  /^(DEBUG|NODE_DEBUG(_NATIVE)?|(OPENAI|ANTHROPIC|RUST)_LOG|GRPC_(NODE_)?(TRACE|VERBOSITY)|GRPC_NODE_DEBUG_SEND_ERROR_DETAILS|TEMPORAL_(DEBUG|TRACE_NATIVE_CALLS)|(TSX|TINYGLOBBY)_DEBUG)$/;

/** Whether a variable makes a library or Node.js itself print what it does. */
export const isDebugSwitch = (variable) => debugSwitch.test(variable);

/** Options such as --trace-tls, which Node.js follows before any code runs. */
const tracingOption = /(^|\s)--trace[-_][a-z0-9_-]+/g;

let isStandardErrorDiscarded = false;

/** The file descriptor for the standard error of a process that this one starts. */
export const standardErrorOfChildren = () => (isStandardErrorDiscarded ? 1 : 2);

/**
 * Drops what is written to the standard error. Replacing the file descriptor is not enough: on a terminal the stream of
 * Node.js has another one of its own.
 */
export function discardStandardError() {
  isStandardErrorDiscarded = true;
  closeSync(2);
  // Another thread can have taken the number. What is printed would then go into that thread's file.
  if (openSync('/dev/null', 'w') !== 2) process.exit(1);
  process.stderr.write = (_chunk, encodingOrDone, done) => {
    const whenDone = typeof encodingOrDone === 'function' ? encodingOrDone : done;
    if (typeof whenDone === 'function') process.nextTick(() => whenDone());
    return true;
  };
}

/**
 * Removes the debugging switches from the environment of this process and of those that it starts. Node.js has read some of
 * them already and prints to the standard error, so what we say goes to the standard output then.
 */
export function closeLibraryOutput() {
  const { env } = process;
  const set = Object.keys(env).filter((name) => env[name] && isDebugSwitch(name));
  const traces = [env.NODE_OPTIONS ?? '', ...process.execArgv].flatMap(
    (text) => text.match(tracingOption) ?? [],
  );
  if (traces.length > 0 || set.some((name) => name.startsWith('NODE_DEBUG'))) {
    discardStandardError();
    console.error = console.log;
    console.warn = console.log;
    // Node.js would print the error to the standard error.
    process.on('uncaughtException', (error) => {
      console.log(error instanceof Error ? error.stack : 'the process has crashed');
      process.exit(1);
    });
  }
  for (const name of set) delete env[name];
  if (env.NODE_OPTIONS) env.NODE_OPTIONS = env.NODE_OPTIONS.replace(tracingOption, '').trim();
  const ignored = [...set, ...traces.map((option) => option.trim())].toSorted();
  if (ignored.length > 0) {
    console.error(
      `debugging switches are ignored, because what libraries print can hold keys and texts: ${ignored.join(', ')}`,
    );
  }
}
