import knex, { type Knex } from 'knex';
import pg from 'pg';

/**
 * A transaction in which row-level security shows one tenant's rows, or those of one platform scope, and no others.
 * Statements that are begun together (`Promise.all`) are sent in that order and share a round trip; the database carries
 * them out one after the other, so that a later one sees what an earlier one has written.
 */
export interface Transaction {
  /** A statement on one table. */
  (table: string): Knex.QueryBuilder;
  readonly raw: Knex.RawBuilder;
  readonly fn: Knex.FunctionHelper;
  /** Runs `run` once the transaction has committed; never when it, or the savepoint around it, is rolled back. */
  afterCommit(run: () => void): void;
  /**
   * Runs `work` in a savepoint. When it throws, or takes longer than `timeoutMs`, what it did is undone, the error is thrown on,
   * and the transaction can go on. The time-out refuses further statements; the one under way is the caller's to limit.
   */
  savepoint<T>(work: (tx: Transaction) => Promise<T>, options?: { readonly timeoutMs?: number }): Promise<T>;
}

/**
 * Work of the platform itself that has to see more than one tenant. Each scope is a policy of its own on the few
 * tables that it needs (the outbox, an article's embedding state), and opens nothing else.
 */
export type Scope = 'reconcile' | 'metrics';

export interface Database {
  /** Runs `work` in a transaction that sees and writes the rows of `tenantId` only. */
  withTenant<T>(tenantId: string, work: (tx: Transaction) => Promise<T>): Promise<T>;
  /**
   * The same for the superadmin, who belongs to no tenant: beside the rows of `tenantId` the transaction sees and writes the
   * superadmin's own idempotent answers, which are kept under the nil uuid.
   */
  withTenantAsAdmin<T>(tenantId: string, work: (tx: Transaction) => Promise<T>): Promise<T>;
  /** Runs `work` in a transaction that sees the one API key with this SHA-256 (hex), whosever it is. */
  withApiKeyHash<T>(keyHash: string, work: (tx: Transaction) => Promise<T>): Promise<T>;
  /** Runs `work` in a transaction of a platform scope. */
  withScope<T>(scope: Scope, work: (tx: Transaction) => Promise<T>): Promise<T>;
  /** Whether the database answers now. */
  isReady(): Promise<boolean>;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  readonly url: string;
  /** Connections of this process. */
  readonly poolSize: number;
  readonly applicationName: string;
}

/** What the policies ask for: whose rows the transaction may see. */
type Setting = 'app.tenant_id' | 'app.api_key_hash' | 'app.scope';

const settingStatements = (settings: Readonly<Partial<Record<Setting, string>>>): string[] =>
  Object.entries(settings).map(([name, value]) => `set local ${name} = ${pg.escapeLiteral(value)}`);

const silent = () => undefined;

/** The work of a savepoint took longer than it was given. */
export class SavepointTimeout extends Error {
  override readonly name = 'SavepointTimeout';
}

interface Bound {
  readonly tx: Transaction;
  /** What `afterCommit` has collected. */
  readonly committed: readonly (() => void)[];
  end(): void;
}

/**
 * The application's login to Postgres. There is no way to a query but through a transaction that has said whose rows it
 * means: settings are local to the transaction, so a pooled connection never carries a tenant over.
 */
export function createDatabase(options: DatabaseOptions): Database {
  const pool = new pg.Pool({
    connectionString: options.url,
    application_name: options.applicationName,
    max: options.poolSize,
    idleTimeoutMillis: 30_000,
    // Patience for a free connection: below the guard's, so that a starved pool shows as an error and not as a hang.
    connectionTimeoutMillis: 4_000,
    // What is sent without waiting for the answer before it shares that one's round trip.
    pipeline: true,
  });
  // A connection that broke is replaced, and what was under way on it fails by itself: nobody else has to be told.
  pool.on('error', silent);
  pool.on('connect', (connection) => connection.on('error', silent));
  // Builds statements. It would print a driver's errors as they are; they reach our own log by the calls that met them.
  const builder = knex({
    client: 'pg',
    log: { debug: silent, warn: silent, error: silent, deprecate: silent },
  });

  /**
   * The statements of one transaction or savepoint. After `end` each further one is refused: a statement that was forgotten must
   * not join what the connection does next.
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
        // Not waited for: the connection takes statements in order, and the work's first one travels along.
        const begun = connection.query(`savepoint ${name}`);
        const [result] = await Promise.race([Promise.all([work(inner.tx), begun]), late]);
        // Nor is this: what fails it fails the statements after it.
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
        // Nobody knows what state it is in.
        connection.release(true);
        throw error;
      }
    };
    let result: T;
    try {
      // Not waited for: the connection takes statements in order, and the work's first one travels along.
      const begun = connection.query([`begin ${mode}`, ...settingStatements(settings)].join('; '));
      [result] = await Promise.all([work(tx), begun]);
    } catch (error) {
      await finish('rollback').catch(silent);
      throw error;
    }
    // What was read is read, whatever becomes of the commit.
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
