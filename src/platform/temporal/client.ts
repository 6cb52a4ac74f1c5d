import { Client, Connection } from '@temporalio/client';
import type { NativeConnectionOptions } from '@temporalio/worker';
import { withTimeout } from '../async/with-timeout.ts';

export interface TemporalOptions {
  readonly address: string;
  readonly namespace: string;
  readonly apiKey?: string;
  readonly tls: boolean;
}

export interface TemporalClient {
  readonly client: Client;
  /** Whether the server answers now. */
  isReady(): Promise<boolean>;
  /**
   * Ends within a second. Never throws. With calls under way it leaves the connection to the end of the process: the library
   * would try such a call again on the closed connection, and throw where nobody can catch it.
   */
  close(callsUnderWay?: number): Promise<void>;
}

const closeMs = 1_000;

/** The connection options of the client and the worker. An API key implies TLS. */
export function connectionOptions(
  options: TemporalOptions,
): Pick<NativeConnectionOptions, 'address' | 'tls' | 'apiKey'> {
  return {
    address: options.address,
    ...(options.tls || options.apiKey !== undefined ? { tls: true } : {}),
    ...(options.apiKey === undefined ? {} : { apiKey: options.apiKey }),
  };
}

/** A client that connects at its first use, so that a process starts and accepts writes during an outage of Temporal. */
export function createTemporalClient(options: TemporalOptions): TemporalClient {
  const connection = Connection.lazy(connectionOptions(options));
  const client = new Client({ connection, namespace: options.namespace });
  return {
    client,
    async isReady() {
      try {
        await connection.withDeadline(Date.now() + 1_000, () =>
          connection.workflowService.describeNamespace({ namespace: options.namespace }),
        );
        return true;
      } catch {
        return false;
      }
    },
    async close(callsUnderWay = 0) {
      if (callsUnderWay > 0) return;
      await withTimeout(
        connection.close().catch(() => undefined),
        closeMs,
        undefined,
      );
    },
  };
}
