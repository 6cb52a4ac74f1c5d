/** The limits of one connection, in milliseconds. */
export interface Deadlines {
  /** For the server: one statement, a wait for a lock, and a transaction that sends nothing. */
  readonly statementMs: number;
  readonly lockMs: number;
  readonly idleInTransactionMs: number;
  /** For this process: a new connection, the answer to the first statement, and any answer at all. */
  readonly connectMs: number;
  readonly beginMs: number;
  readonly answerMs: number;
}

/** A connection is made in milliseconds. Below what a caller of the guard waits, so that a database that is away is told apart. */
const connectMs = 4_000;
/** `begin` waits for no lock and reads nothing: without an answer to it the connection is dead. */
const beginMs = 4_000;
/** What the network and a busy process add to the server's own limit. */
const marginMs = 2_000;

/** Derives every limit from that of one statement. Each ends before the next outer one, so that the most exact reason is given. */
export function deadlinesFor(statementMs: number): Deadlines {
  return {
    statementMs,
    // A lock is held for milliseconds: half of the time is left for the statement itself.
    lockMs: Math.ceil(statementMs / 2),
    // A transaction waits for nothing but the database: one that sends nothing has lost its process.
    idleInTransactionMs: statementMs,
    connectMs,
    beginMs,
    answerMs: statementMs + marginMs,
  };
}
