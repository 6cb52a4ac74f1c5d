import knex, { type Knex } from 'knex';
import pg from 'pg';
import { cancellation, uncancelled } from '../async/cancellation.ts';
import type { Share } from '../shares/share.ts';
import { type ConnectionShares, createConnectionShares } from '../shares/shares.ts';
import { createConnections, type Lease } from './connections.ts';
import { deadlinesFor } from './deadlines.ts';
import type { LiveConnection } from './live-connection.ts';
import { explainFailure, RequestEnded } from './unavailable.ts';

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
  /**
   * A statement with `$1` to `$n` for its values, which a connection parses and plans once: for those that are sent often. Its
   * text is a constant of the code, because each connection keeps every text that it was sent. It is sent at once, so it comes
   * before a statement of the builder that was begun in the same moment.
   */
  prepared(text: string, values: readonly unknown[]): Promise<unknown[]>;
  /**
   * Sends the commit right behind the statements that were sent, which spares its round trip: for a transaction whose last statements
   * decide by themselves. Later statements are refused, and an error of the work after it rolls nothing back.
   */
  commitBehind(): void;
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
export type Scope = 'reconcile' | 'retention' | 'metrics';

export interface Database {
  /** Runs `work` in a transaction that sees and writes the rows of `tenantId` only. Rejects as `work` or the commit does. */
  withTenant<T>(tenantId: string, work: (tx: Transaction) => Promise<T>): Promise<T>;
  /** The same for work that only reads: the end of the transaction is not waited for. */
  readTenant<T>(tenantId: string, work: (tx: Transaction) => Promise<T>): Promise<T>;
  /**
   * The same for the superadmin, which belongs to no tenant. Besides the rows of `tenantId` the transaction sees and writes the
   * superadmin's own idempotent answers, which are stored under the nil uuid.
   */
  withTenantAsAdmin<T>(tenantId: string, work: (tx: Transaction) => Promise<T>): Promise<T>;
  /**
   * Runs `work` in a transaction that only reads, and only the API key with this SHA-256 (hex), of any tenant. Log-ins of one
   * `origin` wait for each other and not for those of another.
   */
  withApiKeyHash<T>(keyHash: string, work: (tx: Transaction) => Promise<T>, origin?: string): Promise<T>;
  /** Runs `work` in a transaction of a platform scope. */
  withScope<T>(scope: Scope, work: (tx: Transaction) => Promise<T>): Promise<T>;
  /** Whether the database answers now. */
  isReady(): Promise<boolean>;
  /** Ends within seconds; answers how many transactions it broke. */
  close(): Promise<number>;
}

export interface DatabaseOptions {
  readonly url: string;
  /** The most connections of this process. */
  readonly poolSize: number;
  readonly applicationName: string;
  /** How the connections are divided; by the size of the pool where nothing else is said. */
  readonly shares?: ConnectionShares;
  /** The longest that one statement may take. */
  readonly statementTimeoutMs?: number;
}

const defaultStatementTimeoutMs = 30_000;

/** The settings that the policies read: they decide which rows a transaction sees. */
type Setting = 'app.tenant_id' | 'app.api_key_hash' | 'app.scope';

type Settings = Readonly<Partial<Record<Setting, string>>>;
type Mode = 'read write' | 'read only';

const settingStatements = (settings: Settings): string[] =>
  Object.entries(settings).map(([name, value]) => `set local ${name} = ${pg.escapeLiteral(value)}`);

const silent = () => undefined;

/** The names of prepared statements, by their texts. */
const createStatementNames = () => {
  const names = new Map<string, string>();
  return (text: string): string => {
    const known = names.get(text);
    if (known !== undefined) return known;
    const name = `statement_${names.size + 1}`;
    names.set(text, name);
    return name;
  };
};

/** The work of a savepoint took longer than its time-out. */
export class SavepointTimeout extends Error {
  override readonly name = 'SavepointTimeout';
}

interface Bound {
  readonly tx: Transaction;
  /** The functions that `afterCommit` has collected. */
  readonly committed: readonly (() => void)[];
  /** The commit that the work has sent, if it has. */
  commitSent(): Promise<pg.QueryResult> | undefined;
  end(): void;
}

/**
 * The application's login to Postgres. Every query runs in a transaction that names its tenant or scope. The settings are local
 * to the transaction, so a pooled connection never carries a tenant over to the next one.
 */
export function createDatabase(options: DatabaseOptions): Database {
  const deadlines = deadlinesFor(options.statementTimeoutMs ?? defaultStatementTimeoutMs);
  const connections = createConnections({ ...options, deadlines });
  const shares = options.shares ?? createConnectionShares(options.poolSize);
  const nameOf = createStatementNames();
  // Builds statements only. Its own log is off, since it would print the driver's errors as they are; the callers log them.
  const builder = knex({
    client: 'pg',
    log: { debug: silent, warn: silent, error: silent, deprecate: silent },
  });

  /**
   * The statements of one transaction or savepoint. After `end` further statements are refused: one that the work did not await
   * must not run in the connection's next transaction.
   */
  const bind = (connection: LiveConnection, savepoints?: { count: number }): Bound => {
    let ended = false;
    let commitSent: Promise<pg.QueryResult> | undefined;
    const committed: (() => void)[] = [];
    const refuseAfterEnd = () => {
      if (ended) throw new Error('the transaction has ended');
    };
    const client: Knex.Client = Object.create(builder.client);
    client.acquireConnection = async () => {
      refuseAfterEnd();
      return connection.driver;
    };
    client.releaseConnection = async () => undefined;

    // Counted for the whole transaction, because Postgres rolls back to the newest savepoint of a name.
    const counter = savepoints ?? { count: 0 };
    const savepoint: Transaction['savepoint'] = async (work, { timeoutMs } = {}) => {
      refuseAfterEnd();
      counter.count += 1;
      const name = `savepoint_${counter.count}`;
      const inner = bind(connection, counter);
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
        async prepared(text: string, values: readonly unknown[]) {
          refuseAfterEnd();
          return connection.prepared(nameOf(text), text, values);
        },
        commitBehind() {
          refuseAfterEnd();
          if (savepoints !== undefined) throw new Error('a savepoint cannot commit its transaction');
          ended = true;
          commitSent = connection.query('commit');
          commitSent.catch(silent);
        },
        afterCommit: (run: () => void) => {
          if (commitSent === undefined) refuseAfterEnd();
          committed.push(run);
        },
        savepoint,
      }),
      committed,
      commitSent: () => commitSent,
      end: () => {
        ended = true;
      },
    };
  };

  /** Runs the work between `begin` and `commit`; afterwards the lease is released. */
  const transact = async <T>(
    { connection, release }: Lease,
    begin: { readonly mode: Mode; readonly settings: Settings },
    work: (tx: Transaction) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> => {
    // It may have ended while the connection was made.
    if (signal?.aborted) {
      release('reusable');
      throw new RequestEnded();
    }
    const { tx, committed, commitSent, end } = bind(connection);
    let isReusable: Promise<boolean> = Promise.resolve(true);
    const cancel = () => {
      end();
      if (connection.isBusy) isReusable = connection.cancel();
    };
    const finish = async (statement: 'commit' | 'rollback') => {
      end();
      signal?.removeEventListener('abort', cancel);
      try {
        if (!(await isReusable)) throw new RequestEnded();
        const sent = await commitSent();
        if (sent === undefined) await connection.query(statement);
        // Where one of the statements before it has failed, Postgres answers a commit with a rollback.
        else if (statement === 'commit' && sent.command !== 'COMMIT')
          throw new Error('the transaction was rolled back');
        release('reusable');
      } catch (error) {
        // The connection's state is unknown, so the pool closes it.
        release('unknown');
        throw explainFailure(error, connection);
      }
    };
    signal?.addEventListener('abort', cancel);
    let result: T;
    try {
      // The connection keeps the order of statements, so `begin` shares a round trip with the work's first one.
      const begun = connection.query(
        [`begin ${begin.mode}`, ...settingStatements(begin.settings)].join('; '),
        deadlines.beginMs,
      );
      [result] = await Promise.all([work(tx), begun]);
      if (signal?.aborted) throw new RequestEnded();
    } catch (error) {
      const failure = explainFailure(error, connection);
      await finish('rollback').catch(silent);
      throw signal?.aborted ? new RequestEnded() : failure;
    }
    // A read does not depend on the outcome of the commit, so the commit is not awaited.
    if (begin.mode === 'read only') void finish('commit').catch(silent);
    else await finish('commit');
    for (const run of committed) uncancelled(run);
    return result;
  };

  const within = async <T>(
    { share, tenant }: { readonly share: Share; readonly tenant: string },
    mode: Mode,
    settings: Settings,
    work: (tx: Transaction) => Promise<T>,
  ): Promise<T> => {
    const signal = cancellation();
    const lease = await connections.acquire(share, tenant, signal);
    return transact(lease, { mode, settings }, work, signal);
  };
  const ofTenant = (tenant: string) => ({ share: shares.tenants, tenant });

  return {
    withTenant: (tenantId, work) =>
      within(ofTenant(tenantId), 'read write', { 'app.tenant_id': tenantId }, work),
    readTenant: (tenantId, work) =>
      within(ofTenant(tenantId), 'read only', { 'app.tenant_id': tenantId }, work),
    withTenantAsAdmin: (tenantId, work) =>
      within(ofTenant(tenantId), 'read write', { 'app.tenant_id': tenantId, 'app.scope': 'admin' }, work),
    withApiKeyHash: (keyHash, work, origin = '') =>
      within({ share: shares.logIns, tenant: origin }, 'read only', { 'app.api_key_hash': keyHash }, work),
    withScope: (scope, work) =>
      within({ share: shares.platform, tenant: scope }, 'read write', { 'app.scope': scope }, work),
    async isReady() {
      try {
        const { connection, release } = await connections.acquire(shares.platform, 'readiness');
        try {
          await connection.query('select 1', deadlines.beginMs);
          return true;
        } finally {
          release('reusable');
        }
      } catch {
        return false;
      }
    },
    close: connections.close,
  };
}
