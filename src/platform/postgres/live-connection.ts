import type pg from 'pg';
import { z } from 'zod';
import { cancelStatement } from './cancel-request.ts';
import { ServerSilent } from './unavailable.ts';

type Answered = (error: Error | null, result: pg.QueryResult) => void;

/** A connection of the pool that gives up when the server falls silent. */
export interface LiveConnection {
  /** A statement; `answerMs` is the longest silence before its end. */
  query(text: string, answerMs?: number): Promise<pg.QueryResult>;
  /** The rows of a statement that the connection prepares under this name where it has not yet. */
  prepared(name: string, text: string, values: readonly unknown[]): Promise<unknown[]>;
  /** What the builder of statements asks of a connection. */
  readonly driver: { query(statement: pg.QueryConfig, answered: Answered): void };
  /** When the server was last heard from, by `performance.now()`. */
  readonly heardAtMs: number;
  /** Whether statements are under way. */
  readonly isBusy: boolean;
  /** Whether no statement can be sent any more. */
  readonly isBroken: boolean;
  /** Cancels the statement under way; answers whether the connection can be used again. */
  cancel(): Promise<boolean>;
  /** Breaks the connection: statements under way fail. */
  destroy(error?: Error): void;
}

export interface LiveConnectionOptions {
  /** The longest silence before the end of a statement. */
  readonly answerMs: number;
  /** The server has been silent for long. A connection that was last heard from before this time may be as dead. */
  onSilence(suspectBeforeMs: number): void;
}

const backendKeys = z.object({ processID: z.number(), secretKey: z.number() });

/**
 * Watches a connection. A server ends each statement within its own limit; where it sends nothing for longer, the network or
 * the server is gone, and the operating system may take an hour to say so.
 */
export function watchConnection(
  connection: pg.PoolClient,
  { answerMs, onSilence }: LiveConnectionOptions,
): LiveConnection {
  const { stream } = connection.connection;
  let heardAtMs = performance.now();
  let underWay = 0;
  stream.on('data', () => {
    heardAtMs = performance.now();
  });

  const destroy = (error?: Error) => {
    stream.destroy(error);
  };

  let gathering: { leftAtMs: number } | undefined;
  /** What is sent until the promises at hand are done leaves in one write: the driver makes one of each statement. */
  const gather = (): { readonly leftAtMs: number } => {
    if (gathering !== undefined) return gathering;
    const written = { leftAtMs: performance.now() };
    gathering = written;
    stream.cork();
    process.nextTick(() => {
      gathering = undefined;
      // The work may have been busy in between, and the server answers what it was sent.
      written.leftAtMs = performance.now();
      stream.uncork();
    });
    return written;
  };

  /** Begins a statement, and expects its end; the function that it returns says that it has come. */
  const expectAnswer = (limitMs: number): (() => void) => {
    const written = gather();
    let answered = false;
    let timer: NodeJS.Timeout | undefined;
    const quietMs = () => performance.now() - Math.max(written.leftAtMs, heardAtMs);
    const check = () => {
      if (answered) return;
      const leftMs = limitMs - quietMs();
      if (leftMs > 0) {
        timer = setTimeout(readThenCheck, leftMs);
        return;
      }
      // Not from the statement's own time: a busy process reads late what others have answered before the silence.
      onSilence(performance.now() - limitMs / 4);
      destroy(new ServerSilent());
    };
    // After the sockets were read: an answer may have arrived while this process was busy.
    const readThenCheck = () => void setImmediate(check);
    timer = setTimeout(readThenCheck, limitMs);
    underWay += 1;
    return () => {
      if (answered) return;
      answered = true;
      underWay -= 1;
      clearTimeout(timer);
    };
  };

  return {
    async query(text, limitMs = answerMs) {
      const answered = expectAnswer(limitMs);
      try {
        return await connection.query(text);
      } finally {
        answered();
      }
    },
    async prepared(name, text, values) {
      const answered = expectAnswer(answerMs);
      try {
        const { rows } = await connection.query<Record<string, unknown>>({ name, text, values: [...values] });
        return rows;
      } finally {
        answered();
      }
    },
    driver: {
      query(statement, done) {
        const answered = expectAnswer(answerMs);
        connection.query(statement, (error, result) => {
          answered();
          done(error, result);
        });
      },
    },
    get heardAtMs() {
      return heardAtMs;
    },
    get isBusy() {
      return underWay > 0;
    },
    get isBroken() {
      return stream.destroyed;
    },
    async cancel() {
      const { processID: processId, secretKey } = backendKeys.parse(connection);
      return cancelStatement({ host: connection.host, port: connection.port, processId, secretKey });
    },
    destroy,
  };
}
