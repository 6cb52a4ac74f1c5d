import pino, { type Logger } from 'pino';
import { errorFields, redacted } from './redacted.ts';

export type { Logger } from 'pino';

/** Names of fields whose values are redacted, at any level. */
const secretFields: ReadonlySet<string> = new Set([
  'authorization',
  'api_key',
  'apiKey',
  'embedding_api_key',
  'embeddingApiKey',
  'key',
  'plaintext',
  'ciphertext',
  'token',
  'password',
  'secret',
]);

export interface LoggingOptions {
  readonly level: string;
  /** The name of the process: a script of package.json. */
  readonly process: string;
  readonly destination?: pino.DestinationStream;
}

/**
 * The logger of a process: JSON lines with ids and codes. An error is logged by its type, code and origin only, since the
 * message and stack of a library's error can hold a request body or a header.
 */
export function createLogger(options: LoggingOptions): Logger {
  return pino(
    {
      level: options.level,
      base: { process: options.process },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => redacted(fields, secretFields),
      },
      serializers: Object.fromEntries(errorFields.map((name) => [name, describeError])),
      hooks: {
        logMethod(args, method) {
          const [first, message] = args;
          if (message === undefined && hasError(first)) method.apply(this, [first, 'error']);
          else method.apply(this, args);
        },
      },
    },
    options.destination ?? pino.destination({ fd: 1, sync: false }),
  );
}

/** Whether the line has an error in it. For a line without a message pino would use the error's. */
const hasError = (logged: unknown) =>
  logged instanceof Error || (typeof logged === 'object' && logged !== null && 'err' in logged);

/**
 * The parts of an error that may be logged: its class, its code if it has one, and the frame in our code where it was thrown.
 * Never throws: a value that cannot be read has the type `unreadable`.
 */
export function describeError(error: unknown): { type: string; code?: string; at?: string } {
  try {
    return describe(error);
  } catch {
    return { type: 'unreadable' };
  }
}

/** A stack frame in our code. A library can have a folder of the same name, so node_modules is excluded. */
const ourFrame = /^\s+at (?!.*\/node_modules\/).*\/(src|activities|workflows)\//;

function describe(error: unknown): { type: string; code?: string; at?: string } {
  if (!(error instanceof Error)) return { type: typeof error };
  const code = 'code' in error && isCode(error.code) ? { code: error.code } : {};
  const frame = framesOf(error).find((line) => ourFrame.test(line));
  return {
    type: isClass(error.name) ? error.name : 'Error',
    ...code,
    ...(frame ? { at: frame.trim() } : {}),
  };
}

/** Other strings than names of classes and codes are not logged: a library may have put a text or a key there. */
const isClass = (value: unknown): value is string =>
  typeof value === 'string' && /^[A-Za-z$]{1,60}$/.test(value);
const isCode = (value: unknown): value is string =>
  typeof value === 'string' && /^[A-Z0-9_]{1,60}$/.test(value);

/** The lines of the stack after the message: a frame that the message quotes must not be taken for our own. */
function framesOf({ stack = '', message }: Error): string[] {
  const from = stack.indexOf(message);
  return from < 0 ? [] : stack.slice(from + message.length).split('\n');
}
