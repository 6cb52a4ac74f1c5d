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
    },
    options.destination ?? pino.destination({ fd: 1, sync: false }),
  );
}

/** What a log line may say of an error: its class, its code where it has one, and where in our code it was thrown. */
export function describeError(error: unknown): { type: string; code?: string; at?: string } {
  if (!(error instanceof Error)) return { type: typeof error };
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  const frame = error.stack?.split('\n').find((line) => /^\s+at .*\/(src|activities|workflows)\//.test(line));
  return { type: error.name, ...code, ...(frame ? { at: frame.trim() } : {}) };
}
