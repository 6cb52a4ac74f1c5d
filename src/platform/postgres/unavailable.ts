import { readThrown } from '../../domain/thrown.ts';

/** Why a transaction could not be carried out although nothing is wrong with it. */
export type UnavailableReason =
  /** The tenant's share of the connections is in use, and its queue is full or took too long. */
  | 'share_in_use'
  /** No connection can be made. */
  | 'no_connection'
  /** The connection broke, or the server has fallen silent. */
  | 'connection_lost'
  /** A statement or a lock took too long, or the server ended the transaction. */
  | 'ended_by_server';

/** The database cannot do this now, and may be able to do it a moment later. */
export class DatabaseUnavailable extends Error {
  override readonly name = 'DatabaseUnavailable';
  readonly reason: UnavailableReason;
  /** The SQLSTATE or the system's code, where there is one. */
  readonly code: string | undefined;
  constructor(reason: UnavailableReason, cause?: unknown) {
    super(`the database is unavailable: ${reason}`, { cause });
    this.reason = reason;
    const code = readThrown(cause, 'code');
    this.code = typeof code === 'string' ? code : undefined;
  }
}

/** The request that asked for the transaction has ended: it was rolled back. */
export class RequestEnded extends Error {
  override readonly name = 'RequestEnded';
}

/** The server has sent nothing for longer than any statement may take. */
export class ServerSilent extends Error {
  override readonly name = 'ServerSilent';
}

/** SQLSTATEs of a server that gives up on a statement which may succeed a moment later. */
const endedByServer = new Set([
  '40001', // serialization_failure
  '40P01', // deadlock_detected
  '53300', // too_many_connections
  '55P03', // lock_not_available
  '57014', // query_canceled: the statement's time-out
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now
  '25P03', // idle_in_transaction_session_timeout
]);

/** What a failed transaction fails with: its own error, unless the database is to blame. */
export function explainFailure(error: unknown, connection: { readonly isBroken: boolean }): unknown {
  const code = readThrown(error, 'code');
  if (typeof code === 'string' && endedByServer.has(code))
    return new DatabaseUnavailable('ended_by_server', error);
  return connection.isBroken ? new DatabaseUnavailable('connection_lost', error) : error;
}
