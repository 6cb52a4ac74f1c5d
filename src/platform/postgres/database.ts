import { setImmediate } from 'node:timers/promises';
import pg from 'pg';
import { cancellation, uncancelled } from '../async/cancellation.ts';
import type { Share } from '../shares/share.ts';
import { type ConnectionShares, createConnectionShares } from '../shares/shares.ts';
import { createConnections, type Lease } from './connections.ts';
import { deadlinesFor } from './deadlines.ts';
import { createTransactions, type Transaction } from './transaction.ts';
import { explainFailure, RequestEnded } from './unavailable.ts';

export { SavepointTimeout, type Transaction } from './transaction.ts';

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
   * The same for work whose statements need no answer of each other: the commit is sent right behind them, in the same message. A
   * statement that is begun after an answer has come is refused, and `withTenantAtOnce` rejects. Where a statement fails the commit
   * becomes a rollback, as for any transaction. What the work does with the answers happens after the commit.
   */
  withTenantAtOnce<T>(tenantId: string, work: (tx: Transaction) => Promise<T>): Promise<T>;
  /**
   * The same for a write whose loss does no harm: its commit does not wait for the disk, so that a crash of the server may undo the
   * last half second of it.
   */
  withTenantUnsynced<T>(tenantId: string, work: (tx: Transaction) => Promise<T>): Promise<T>;
  /**
   * The same for prepared statements whose one plan fits every tenant: each is planned once a connection. Left to itself Postgres
   * plans most of them each time, because the plan for a small tenant always seems cheaper than the one for all.
   *
   * They read no whole table. A plan for the average tenant would, where few tenants have all of the rows or where it was made while
   * the table was small, and a small tenant would pay for a large one.
   */
  readTenantByKeptPlans<T>(tenantId: string, work: (tx: Transaction) => Promise<T>): Promise<T>;
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

/** The settings of a transaction: those that the policies read decide which rows it sees. */
type Setting =
  | 'app.tenant_id'
  | 'app.api_key_hash'
  | 'app.scope'
  | 'synchronous_commit'
  | 'plan_cache_mode'
  | 'enable_seqscan';

type Settings = Readonly<Partial<Record<Setting, string>>>;
type Mode = 'read write' | 'read only';
/** When the commit is sent: after the work, or right behind the statements that it begins. */
type CommitTime = 'afterwards' | 'at_once';

const settingStatements = (settings: Settings): string[] =>
  Object.entries(settings).map(([name, value]) => `set local ${name} = ${pg.escapeLiteral(value)}`);

const silent = () => undefined;

/**
 * The application's login to Postgres. Every query runs in a transaction that names its tenant or scope. The settings are local
 * to the transaction, so a pooled connection never carries a tenant over to the next one.
 */
export function createDatabase(options: DatabaseOptions): Database {
  const deadlines = deadlinesFor(options.statementTimeoutMs ?? defaultStatementTimeoutMs);
  const connections = createConnections({ ...options, deadlines });
  const shares = options.shares ?? createConnectionShares(options.poolSize);
  const bind = createTransactions();

  /** Runs the work between `begin` and `commit`; afterwards the lease is released. */
  const transact = async <T>(
    { connection, release }: Lease,
    begin: { readonly mode: Mode; readonly settings: Settings; readonly commit: CommitTime },
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
        const { command } = await (commitSent() ?? connection.query(statement));
        if (statement === 'commit' && command !== 'COMMIT')
          throw new Error('the transaction was rolled back');
        release('reusable');
      } catch (error) {
        // The connection's state is unknown, so the pool closes it.
        release('unknown');
        throw explainFailure(error, connection);
      }
    };
    /** Sends the commit once the work has begun every statement that it can begin without an answer. */
    const commitBehind = async (working: Promise<unknown>) => {
      let hasFailed = false;
      working.catch(() => {
        hasFailed = true;
      });
      await setImmediate();
      if (hasFailed || signal?.aborted) return;
      tx.commitBehind();
    };
    signal?.addEventListener('abort', cancel);
    let result: T;
    try {
      // The connection keeps the order of statements, so `begin` shares a round trip with the work's first one.
      const begun = connection.query(
        [`begin ${begin.mode}`, ...settingStatements(begin.settings)].join('; '),
        deadlines.beginMs,
      );
      const working = Promise.all([work(tx), begun]);
      if (begin.commit === 'at_once') await commitBehind(working);
      [result] = await working;
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
    commit: CommitTime = 'afterwards',
  ): Promise<T> => {
    const signal = cancellation();
    const lease = await connections.acquire(share, tenant, signal);
    return transact(lease, { mode, settings, commit }, work, signal);
  };
  const ofTenant = (tenant: string) => ({ share: shares.tenants, tenant });

  return {
    withTenant: (tenantId, work) =>
      within(ofTenant(tenantId), 'read write', { 'app.tenant_id': tenantId }, work),
    readTenant: (tenantId, work) =>
      within(ofTenant(tenantId), 'read only', { 'app.tenant_id': tenantId }, work),
    withTenantAtOnce: (tenantId, work) =>
      within(ofTenant(tenantId), 'read write', { 'app.tenant_id': tenantId }, work, 'at_once'),
    withTenantUnsynced: (tenantId, work) =>
      within(
        ofTenant(tenantId),
        'read write',
        { 'app.tenant_id': tenantId, synchronous_commit: 'off' },
        work,
      ),
    readTenantByKeptPlans: (tenantId, work) =>
      within(
        ofTenant(tenantId),
        'read only',
        { 'app.tenant_id': tenantId, plan_cache_mode: 'force_generic_plan', enable_seqscan: 'off' },
        work,
      ),
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
