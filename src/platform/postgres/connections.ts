import pg from 'pg';
import { withTimeout } from '../async/with-timeout.ts';
import type { Share } from '../shares/share.ts';
import type { Deadlines } from './deadlines.ts';
import { type LiveConnection, watchConnection } from './live-connection.ts';
import { DatabaseUnavailable, RequestEnded } from './unavailable.ts';

/** A connection for one transaction. */
export interface Lease {
  readonly connection: LiveConnection;
  /** Gives the connection back; one of unknown state is closed instead. */
  release(state: 'reusable' | 'unknown'): void;
}

export interface Connections {
  /** A connection from the tenant's part of the share. Fails with DatabaseUnavailable, or RequestEnded once the signal aborts. */
  acquire(share: Share, tenant: string, signal?: AbortSignal): Promise<Lease>;
  /** Waits for the transactions under way, then breaks those that are left; answers how many. */
  close(): Promise<number>;
}

export interface ConnectionsOptions {
  readonly url: string;
  readonly poolSize: number;
  readonly applicationName: string;
  readonly deadlines: Deadlines;
}

const silent = () => undefined;
/** A process that ends gives its transactions this long: with the other steps of the drain it stays below 25 s. */
const closeMs = 3_000;

/** The pool of connections, without those that are likely dead. */
export function createConnections({ deadlines, ...options }: ConnectionsOptions): Connections {
  const pool = new pg.Pool({
    connectionString: options.url,
    application_name: options.applicationName,
    max: options.poolSize,
    idleTimeoutMillis: 30_000,
    connectionTimeoutMillis: deadlines.connectMs,
    statement_timeout: deadlines.statementMs,
    lock_timeout: deadlines.lockMs,
    idle_in_transaction_session_timeout: deadlines.idleInTransactionMs,
    // Routers forget idle connections, most of them after minutes.
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    // What is sent without waiting for the answer before it shares that one's round trip.
    pipeline: true,
  });
  const watched = new WeakMap<pg.PoolClient, LiveConnection>();
  const leased = new Set<LiveConnection>();
  /** Connections that were last heard from before this time may be as dead as the one that fell silent. */
  let suspectBeforeMs = 0;
  const onSilence = (beforeMs: number) => {
    suspectBeforeMs = Math.max(suspectBeforeMs, beforeMs);
  };

  // A connection that broke is replaced, and what was under way on it fails by itself: nobody else has to know.
  pool.on('error', silent);
  pool.on('connect', (pooled) => {
    pooled.on('error', silent);
    watched.set(pooled, watchConnection(pooled, { answerMs: deadlines.answerMs, onSilence }));
  });

  const connect = async (): Promise<{ pooled: pg.PoolClient; connection: LiveConnection }> => {
    for (;;) {
      const pooled = await pool.connect();
      const connection = watched.get(pooled);
      if (connection !== undefined && connection.heardAtMs >= suspectBeforeMs) return { pooled, connection };
      connection?.destroy();
      pooled.release(true);
    }
  };

  return {
    async acquire(share, tenant, signal) {
      const slot = await share.acquire(tenant, signal);
      if (slot === 'busy')
        throw signal?.aborted ? new RequestEnded() : new DatabaseUnavailable('share_in_use');
      try {
        const { pooled, connection } = await connect();
        leased.add(connection);
        return {
          connection,
          release(state) {
            leased.delete(connection);
            pooled.release(state === 'unknown' || connection.isBroken);
            slot();
          },
        };
      } catch (error) {
        slot();
        throw new DatabaseUnavailable('no_connection', error);
      }
    },

    async close() {
      const ended = pool.end();
      const late = await withTimeout(
        ended.then(() => false),
        closeMs,
        true,
      );
      if (!late) return 0;
      const cut = [...leased];
      for (const connection of cut) connection.destroy();
      await withTimeout(ended, 1_000, undefined);
      return cut.length;
    },
  };
}
