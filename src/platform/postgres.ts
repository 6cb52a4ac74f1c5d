import knex, { type Knex } from 'knex';

/** A transaction in which row-level security shows one tenant's rows, or those of one platform scope, and no others. */
export type Transaction = Knex.Transaction;

/**
 * Work of the platform itself that has to see more than one tenant. Each scope is a policy of its own on the few
 * tables that it needs (the outbox, an article's embedding state), and opens nothing else.
 */
export type Scope = 'reconcile' | 'metrics';

export interface Database {
  /** Runs `work` in a transaction that sees and writes the rows of `tenantId` only. */
  withTenant<T>(tenantId: string, work: (tx: Transaction) => Promise<T>): Promise<T>;
  /** Runs `work` in a transaction that sees the one API key with this SHA-256 (hex), whosever it is. */
  withApiKeyHash<T>(keyHash: string, work: (tx: Transaction) => Promise<T>): Promise<T>;
  /** Runs `work` in a transaction of a platform scope. */
  withScope<T>(scope: Scope, work: (tx: Transaction) => Promise<T>): Promise<T>;
  /** One round trip; throws when the database does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  readonly url: string;
  /** Connections of this process. */
  readonly poolSize: number;
  readonly applicationName: string;
}

const silent = () => undefined;

/**
 * The application's login to Postgres. There is no way to a query but through a transaction that has said whose rows it
 * means: settings are local to the transaction, so a pooled connection never carries a tenant over.
 */
export function createDatabase(options: DatabaseOptions): Database {
  const client = knex({
    client: 'pg',
    connection: { connectionString: options.url, application_name: options.applicationName },
    pool: { min: 0, max: options.poolSize },
    // Patience for a free connection: below the guard's, so that a starved pool shows as an error and not as a hang.
    acquireConnectionTimeout: 4_000,
    // It would print a driver's errors as they are; they reach our own log as the failures of the calls that met them.
    log: { debug: silent, warn: silent, error: silent, deprecate: silent },
  });

  const within = <T>(setting: string, value: string, work: (tx: Transaction) => Promise<T>): Promise<T> =>
    client.transaction(async (tx) => {
      await tx.raw('select set_config(?, ?, true)', [setting, value]);
      return work(tx);
    });

  return {
    withTenant: (tenantId, work) => within('app.tenant_id', tenantId, work),
    withApiKeyHash: (keyHash, work) => within('app.api_key_hash', keyHash, work),
    withScope: (scope, work) => within('app.scope', scope, work),
    ping: async () => {
      await client.raw('select 1');
    },
    close: () => client.destroy(),
  };
}
