import { closeSync, openSync } from 'node:fs';
import { Writable } from 'node:stream';

type Variables = Record<string, string | undefined>;

/** The debugging switches of Node.js and of our libraries. scripts/library-output.mjs has the same. */
const debugSwitch =
  /^(DEBUG|NODE_DEBUG(_NATIVE)?|(OPENAI|ANTHROPIC|RUST)_LOG|GRPC_(NODE_)?(TRACE|VERBOSITY)|GRPC_NODE_DEBUG_SEND_ERROR_DETAILS|TEMPORAL_(DEBUG|TRACE_NATIVE_CALLS)|(TSX|TINYGLOBBY)_DEBUG)$/;

/** Whether a variable makes a library or Node.js itself print what it does: requests, statements, headers. */
export const isDebugSwitch = (variable: string): boolean => debugSwitch.test(variable);

/** Node.js reads these before any code runs, and prints to the file descriptor itself. */
const isReadByNode = (variable: string) => variable === 'NODE_DEBUG' || variable === 'NODE_DEBUG_NATIVE';

/** Options such as --trace-tls, which Node.js also follows without asking any code. */
const tracingOption = /(^|\s)--trace[-_][a-z0-9_-]+/g;

type Write = (text: string | Uint8Array, done?: () => void) => void;

const writeToStdout: Write = bound(process.stdout);
let writeProblem: Write = bound(process.stderr);

function bound(stream: NodeJS.WriteStream): Write {
  const write = stream.write.bind(stream);
  return (text, done) => void write(text, () => done?.());
}

/** Writes a command's own result to the standard output, which libraries cannot reach. */
export function printResult(text: string): void {
  writeToStdout(text);
}

/** Writes a command's own words about a problem to the standard error, or to the standard output where that is closed. */
export function printProblem(text: string): void {
  writeProblem(text);
}

/** The standard output as a stream, for a protocol that is spoken on it. It takes no more than its reader takes. */
export function resultStream(): Writable {
  return new Writable({ write: (bytes: Uint8Array, _encoding, done) => writeToStdout(bytes, done) });
}

/**
 * The standard error as a stream, for the log of a process whose standard output is a protocol. What is logged while the standard
 * error is closed is lost: on the standard output it would break the protocol.
 */
export function problemStream(): Writable {
  return new Writable({
    write(bytes: Uint8Array, _encoding, done) {
      if (writeProblem === writeToStdout) done();
      else writeProblem(bytes, done);
    },
  });
}

export interface LibraryOutput {
  /** The switches that were set and have no effect, by name. */
  readonly ignored: readonly string[];
  /** Calls this once, when a library has written something. What it wrote is dropped. */
  onDropped(report: () => void): void;
}

/**
 * Takes the standard output and the standard error away from everything but our logger and our commands, because a library
 * that prints what it does prints keys, the token of Vault and articles. To be called before any library is loaded: most
 * read their switch at that moment.
 */
export function closeLibraryOutput(env: Variables, options: readonly string[]): LibraryOutput {
  const set = Object.entries(env).flatMap(([name, value]) => (value && isDebugSwitch(name) ? [name] : []));
  const traces = [env.NODE_OPTIONS ?? '', ...options].flatMap((text) => text.match(tracingOption) ?? []);
  if (traces.length > 0 || set.some(isReadByNode)) {
    discardFileDescriptor(2);
    writeProblem = writeToStdout;
  }
  for (const name of set) delete env[name];

  let dropped = false;
  let report: (() => void) | undefined;
  const drop = () => {
    if (!dropped) report?.();
    dropped = true;
  };
  for (const stream of [process.stdout, process.stderr]) stream.write = droppingWrite(drop);

  return {
    ignored: [...set, ...traces.map((option) => option.trim())].toSorted(),
    onDropped(given) {
      report = given;
      if (dropped) given();
    },
  };
}

/** A `write` of a stream that writes nothing and answers as if it had. */
function droppingWrite(drop: () => void): NodeJS.WriteStream['write'] {
  return (_chunk: unknown, encodingOrDone?: unknown, done?: unknown) => {
    drop();
    const whenDone = typeof encodingOrDone === 'function' ? encodingOrDone : done;
    if (typeof whenDone === 'function') process.nextTick(() => whenDone());
    return true;
  };
}

/** Lets what native code writes there go nowhere. The system gives the lowest free number, which is the one just closed. */
function discardFileDescriptor(descriptor: number): void {
  closeSync(descriptor);
  // Another thread can have taken the number. What is printed would then go into that thread's file.
  if (openSync('/dev/null', 'w') !== descriptor) process.exit(1);
}
