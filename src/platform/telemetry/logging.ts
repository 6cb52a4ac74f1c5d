import pino, { type Logger } from 'pino';

export type { Logger } from 'pino';

/** Field names that never reach a log line, wherever they stand. The list is fixed when the logger is made. */
const secretFields = [
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
];

export interface LoggingOptions {
  readonly level: string;
  /** Which process writes: a name of package.json's scripts. */
  readonly process: string;
  readonly destination?: pino.DestinationStream;
}

/**
 * The process's logger: JSON lines with ids and codes. An error is logged by its type alone: the message and stack of a
 * library's error can hold a request body or a header.
 */
export function createLogger(options: LoggingOptions): Logger {
  return pino(
    {
      level: options.level,
      base: { process: options.process },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: secretFields.flatMap((field) => [field, `*.${field}`, `*.*.${field}`, `*.*.*.${field}`]),
        censor: '[redacted]',
      },
      serializers: { err: describeError, error: describeError },
      hooks: {
        logMethod(args, method) {
          const [first, message] = args;
          if (message === undefined && hasError(first)) method.apply(this, [first, 'an error']);
          else method.apply(this, args);
        },
      },
    },
    options.destination ?? pino.destination({ fd: 1, sync: false }),
  );
}

/** Where a line has no message of its own, pino takes that of an error in it. */
const hasError = (logged: unknown) =>
  logged instanceof Error || (typeof logged === 'object' && logged !== null && 'err' in logged);

/**
 * What a log line may say of an error: its class, its code where it has one, and where in our code it was thrown. Total: of
 * a value that cannot be looked at nothing is said but that.
 */
export function describeError(error: unknown): { type: string; code?: string; at?: string } {
  try {
    return describe(error);
  } catch {
    return { type: 'unreadable' };
  }
}

/** A place in our code; a library's can lie in a folder of the same name. */
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

/** What looks otherwise than a class or an error code may be a text, or a key, that a library has put there. */
const isClass = (value: unknown): value is string =>
  typeof value === 'string' && /^[A-Za-z$]{1,60}$/.test(value);
const isCode = (value: unknown): value is string =>
  typeof value === 'string' && /^[A-Z0-9_]{1,60}$/.test(value);

/** The stack below the message: a message that quotes somebody's stack must not pass for ours. */
function framesOf({ stack = '', message }: Error): string[] {
  const from = stack.indexOf(message);
  return from < 0 ? [] : stack.slice(from + message.length).split('\n');
}
