import knex, { type Knex } from 'knex';
import pg from 'pg';

/**
 * A transaction in which row-level security shows only the rows of one tenant or one platform scope. Statements that are
 * started together (`Promise.all`) are sent in that order and share a round trip. The database runs them one after the other,
 * so a later statement sees the writes of an earlier one.
 */
export interface Transaction {
  /** A statement on one table. */
  (table: string): Knex.QueryBuilder;
  readonly raw: Knex.RawBuilder;
  readonly fn: Knex.FunctionHelper;
  /** Runs `run` after the commit. It does not run when the transaction, or the savepoint around the call, is rolled back. */
  afterCommit(run: () => void): void;
  /**
   * Runs `work` in a savepoint. When it throws or takes longer than `timeoutMs` (then with `SavepointTimeout`), its writes are
   * rolled back, the error is thrown on, and the transaction can go on. The time-out refuses further statements; the caller
   * limits the statement under way.
   */
  savepoint<T>(work: (tx: Transaction) => Promise<T>, options?: { readonly timeoutMs?: number }): Promise<T>;
}

/**
 * Platform work that needs the rows of all tenants. Each scope has policies of its own on the few tables that it needs (the
 * outbox, an article's embedding state) and shows no other table.
 */
export type Scope = 'reconcile' | 'metrics';

export interface Database {
  /** Runs `work` in a transaction that sees and writes the rows of `tenantId` only. Rejects as `work` or the commit does. */
  withTenant<T>(tenantId: string, work: (tx: Transaction) => Promise<T>): Promise<T>;
  /**
   * The same for the superadmin, which belongs to no tenant. Besides the rows of `tenantId` the transaction sees and writes the
   * superadmin's own idempotent answers, which are stored under the nil uuid.
   */
  withTenantAsAdmin<T>(tenantId: string, work: (tx: Transaction) => Promise<T>): Promise<T>;
  /** Runs `work` in a transaction that only reads, and only the API key with this SHA-256 (hex), of any tenant. */
  withApiKeyHash<T>(keyHash: string, work: (tx: Transaction) => Promise<T>): Promise<T>;
  /** Runs `work` in a transaction of a platform scope. */
  withScope<T>(scope: Scope, work: (tx: Transaction) => Promise<T>): Promise<T>;
  /** Whether the database answers now. */
  isReady(): Promise<boolean>;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  readonly url: string;
  /** The most connections of this process. */
  readonly poolSize: number;
  readonly applicationName: string;
}

/** The settings that the policies read: they decide which rows a transaction sees. */
type Setting = 'app.tenant_id' | 'app.api_key_hash' | 'app.scope';

const settingStatements = (settings: Readonly<Partial<Record<Setting, string>>>): string[] =>
  Object.entries(settings).map(([name, value]) => `set local ${name} = ${pg.escapeLiteral(value)}`);

const silent = () => undefined;

/** The work of a savepoint took longer than its time-out. */
export class SavepointTimeout extends Error {
  override readonly name = 'SavepointTimeout';
}

interface Bound {
  readonly tx: Transaction;
  /** The functions that `afterCommit` has collected. */
  readonly committed: readonly (() => void)[];
  end(): void;
}

/**
 * The application's login to Postgres. Every query runs in a transaction that names its tenant or scope. The settings are local
 * to the transaction, so a pooled connection never carries a tenant over to the next one.
 */
export function createDatabase(options: DatabaseOptions): Database {
  const pool = new pg.Pool({
    connectionString: options.url,
    application_name: options.applicationName,
    max: options.poolSize,
    idleTimeoutMillis: 30_000,
    // Time-out for a free connection. Below the guard's, so that an exhausted pool shows as an error and not as a hang.
    connectionTimeoutMillis: 4_000,
    // Statements that are sent before the answers of earlier ones share a round trip with them.
    pipeline: true,
  });
  // The pool replaces a broken connection, and the statements under way on it reject by themselves: no handler is needed.
  pool.on('error', silent);
  pool.on('connect', (connection) => connection.on('error', silent));
  // Builds statements only. Its own log is off, since it would print the driver's errors as they are; the callers log them.
  const builder = knex({
    client: 'pg',
    log: { debug: silent, warn: silent, error: silent, deprecate: silent },
  });

  /**
   * The statements of one transaction or savepoint. After `end` further statements are refused: one that the work did not await
   * must not run in the connection's next transaction.
   */
  const bind = (connection: pg.PoolClient): Bound => {
    let ended = false;
    let savepoints = 0;
    const committed: (() => void)[] = [];
    const refuseAfterEnd = () => {
      if (ended) throw new Error('the transaction has ended');
    };
    const client: Knex.Client = Object.create(builder.client);
    client.acquireConnection = async () => {
      refuseAfterEnd();
      return connection;
    };
    client.releaseConnection = async () => undefined;

    const savepoint: Transaction['savepoint'] = async (work, { timeoutMs } = {}) => {
      refuseAfterEnd();
      savepoints += 1;
      const name = `savepoint_${savepoints}`;
      const inner = bind(connection);
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        if (timeoutMs !== undefined) timer = setTimeout(() => reject(new SavepointTimeout()), timeoutMs);
      });
      try {
        // The connection keeps the order of statements, so the savepoint shares a round trip with the work's first one.
        const begun = connection.query(`savepoint ${name}`);
        const [result] = await Promise.race([Promise.all([work(inner.tx), begun]), late]);
        // The release is not awaited either: if it fails, the statements after it fail too.
        connection.query(`release savepoint ${name}`).catch(silent);
        committed.push(...inner.committed);
        return result;
      } catch (error) {
        inner.end();
        await connection.query(`rollback to savepoint ${name}`);
        throw error;
      } finally {
        clearTimeout(timer);
        inner.end();
      }
    };

    const onTable = (table: string) => client.queryBuilder().from(table);
    return {
      tx: Object.assign(onTable, {
        raw: client.raw.bind(client),
        fn: builder.fn,
        afterCommit: (run: () => void) => {
          refuseAfterEnd();
          committed.push(run);
        },
        savepoint,
      }),
      committed,
      end: () => {
        ended = true;
      },
    };
  };

  const within = async <T>(
    mode: 'read write' | 'read only',
    settings: Readonly<Partial<Record<Setting, string>>>,
    work: (tx: Transaction) => Promise<T>,
  ): Promise<T> => {
    const connection = await pool.connect();
    const { tx, committed, end } = bind(connection);
    const finish = async (statement: 'commit' | 'rollback') => {
      end();
      try {
        await connection.query(statement);
        connection.release();
      } catch (error) {
        // The connection's state is unknown, so the pool closes it.
        connection.release(true);
        throw error;
      }
    };
    let result: T;
    try {
      // The connection keeps the order of statements, so `begin` shares a round trip with the work's first one.
      const begun = connection.query([`begin ${mode}`, ...settingStatements(settings)].join('; '));
      [result] = await Promise.all([work(tx), begun]);
    } catch (error) {
      await finish('rollback').catch(silent);
      throw error;
    }
    // A read does not depend on the outcome of the commit, so the commit is not awaited.
    if (mode === 'read only') void finish('commit').catch(silent);
    else await finish('commit');
    for (const run of committed) run();
    return result;
  };

  return {
    withTenant: (tenantId, work) => within('read write', { 'app.tenant_id': tenantId }, work),
    withTenantAsAdmin: (tenantId, work) =>
      within('read write', { 'app.tenant_id': tenantId, 'app.scope': 'admin' }, work),
    withApiKeyHash: (keyHash, work) => within('read only', { 'app.api_key_hash': keyHash }, work),
    withScope: (scope, work) => within('read write', { 'app.scope': scope }, work),
    async isReady() {
      try {
        await pool.query('select 1');
        return true;
      } catch {
        return false;
      }
    },
    close: () => pool.end(),
  };
}
