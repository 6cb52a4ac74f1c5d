import { createHash } from 'node:crypto';
import knex, { type Knex } from 'knex';
import type pg from 'pg';
import type { LiveConnection } from './live-connection.ts';

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

/** The work of a savepoint took longer than its time-out. */
export class SavepointTimeout extends Error {
  override readonly name = 'SavepointTimeout';
}

/** A transaction with what its owner may do to it. */
interface Bound {
  readonly tx: Transaction;
  /** The functions that `afterCommit` has collected. */
  readonly committed: readonly (() => void)[];
  /** The commit that was sent behind the statements, if one was. */
  commitSent(): Promise<pg.QueryResult> | undefined;
  /** From now on statements are refused, and functions are not collected. */
  end(): void;
}

/** What a savepoint has of the transaction around it. */
interface Around {
  /** Counted for the whole transaction, because Postgres rolls back to the newest savepoint of a name. */
  readonly savepoints: { count: number };
  hasEnded(): boolean;
}

/** Opens the statements of a transaction, or of a savepoint in one, on a connection. */
type BindTransaction = (connection: LiveConnection, around?: Around) => Bound;

const silent = () => undefined;

/**
 * The names of prepared statements, by their texts. A text has one name in every process: behind a pooler that hands sessions on, a
 * name that another process has prepared must not be another statement.
 */
const createStatementNames = () => {
  const names = new Map<string, string>();
  return (text: string): string => {
    const known = names.get(text);
    if (known !== undefined) return known;
    const name = `statement_${createHash('sha256').update(text).digest('hex').slice(0, 32)}`;
    names.set(text, name);
    return name;
  };
};

/**
 * Creates the statements of transactions and savepoints. After its end a transaction refuses further ones: one that the work did
 * not await must not run in the connection's next transaction.
 */
export function createTransactions(): BindTransaction {
  const nameOf = createStatementNames();
  // Builds statements only. Its own log is off, since it would print the driver's errors as they are; the callers log them.
  const builder = knex({
    client: 'pg',
    log: { debug: silent, warn: silent, error: silent, deprecate: silent },
  });

  const bind: BindTransaction = (connection, around) => {
    let ended = false;
    let commitSent: Promise<pg.QueryResult> | undefined;
    const committed: (() => void)[] = [];
    const hasEnded = (): boolean => ended || commitSent !== undefined || around?.hasEnded() === true;
    const refuseAfterEnd = () => {
      if (hasEnded()) throw new Error('the transaction has ended');
    };
    const savepoints = around?.savepoints ?? { count: 0 };
    const client: Knex.Client = Object.create(builder.client);
    client.acquireConnection = async () => {
      refuseAfterEnd();
      return connection.driver;
    };
    client.releaseConnection = async () => undefined;

    const savepoint: Transaction['savepoint'] = async (work, { timeoutMs } = {}) => {
      refuseAfterEnd();
      savepoints.count += 1;
      const name = `savepoint_${savepoints.count}`;
      const inner = bind(connection, { savepoints, hasEnded });
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        if (timeoutMs !== undefined) timer = setTimeout(() => reject(new SavepointTimeout()), timeoutMs);
      });
      try {
        // The connection keeps the order of statements, so the savepoint shares a round trip with the work's first one.
        const begun = connection.query(`savepoint ${name}`);
        const [result] = await Promise.race([Promise.all([work(inner.tx), begun]), late]);
        // The release is not awaited either: if it fails, the statements after it fail too.
        if (!hasEnded()) connection.query(`release savepoint ${name}`).catch(silent);
        committed.push(...inner.committed);
        return result;
      } catch (error) {
        inner.end();
        // The savepoints of a transaction end with it, and its connection may be in the next one by now.
        if (!hasEnded()) await connection.query(`rollback to savepoint ${name}`);
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
          if (around !== undefined) throw new Error('a savepoint cannot commit its transaction');
          commitSent = connection.query('commit');
          commitSent.catch(silent);
        },
        afterCommit: (run: () => void) => {
          // What the work finds out after it has sent the commit may still ask for something.
          if (ended) throw new Error('the transaction has ended');
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

  return bind;
}
