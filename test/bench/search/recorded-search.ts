import knex, { type Knex } from 'knex';
import pg from 'pg';
import type { Database, Transaction } from '../../../src/platform/postgres/database.ts';
import { createSearchService } from '../../../src/search/service.ts';
import { spaceIdOf, tenantIdOf } from './load-corpus.ts';
import type { PlannedQuery } from './queries.ts';

/** A statement as the service sent it. */
export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

export type Mode = 'keyword' | 'semantic' | 'hybrid';

export interface RecordedSearch {
  /** Carries a search out as the service does, for its vector too, and tells every statement within its transactions. */
  record(mode: Mode, query: PlannedQuery, limit: number): Promise<readonly Statement[]>;
  close(): Promise<void>;
}

/**
 * The service's own search on a plain connection, where what it sends is written down. So the floor has the statements of
 * the service as it is, and cannot fall behind it.
 */
export async function createRecordedSearch(databaseUrl: string): Promise<RecordedSearch> {
  // As the service's own connections: statements begun together are sent together.
  const connection = new pg.Client({ connectionString: databaseUrl, pipeline: true });
  await connection.connect();
  let statements: Statement[] = [];
  const tx = recordingTransaction(connection, (statement) => statements.push(statement));

  // One connection for all: transactions that the service has at the same time come one after the other.
  let last: Promise<unknown> = Promise.resolve();
  const within = <T>(tenantId: string, work: (tx: Transaction) => Promise<T>): Promise<T> => {
    const result = last.then(async () => {
      await connection.query(`begin; set local app.tenant_id = ${pg.escapeLiteral(tenantId)}`);
      const value = await work(tx);
      await connection.query('commit');
      return value;
    });
    last = result.catch(() => undefined);
    return result;
  };
  const unwanted = async (): Promise<never> => {
    throw new Error('a search that has its vector asks for nothing more');
  };
  const database: Database = {
    withTenant: within,
    readTenant: within,
    withTenantAtOnce: unwanted,
    withTenantUnsynced: unwanted,
    readTenantByKeptPlans: within,
    withTenantAsAdmin: unwanted,
    withApiKeyHash: unwanted,
    withScope: unwanted,
    isReady: async () => true,
    close: async () => 0,
  };

  return {
    async record(mode, query, limit) {
      statements = [];
      const vector = query.vector.slice(1, -1).split(',').map(Number);
      const search = createSearchService({
        database,
        queryEmbeddings: {
          embedQuery: async () => ({
            kind: 'vector',
            spaceId: spaceIdOf(query.tenant),
            model: 'any',
            vector,
          }),
        },
        reranking: { order: unwanted },
        blocked: { note: unwanted },
      });
      await search.search(tenantIdOf(query.tenant), { q: query.q, mode, limit });
      return statements;
    },
    close: () => connection.end(),
  };
}

function recordingTransaction(connection: pg.Client, keep: (statement: Statement) => void): Transaction {
  const builder = knex({ client: 'pg' });
  const client: Knex.Client = Object.create(builder.client);
  client.acquireConnection = async () => ({
    query(config: { text: string; values: unknown[] }, done: (error: Error, result: pg.QueryResult) => void) {
      keep({ text: config.text, values: config.values });
      return connection.query(config, done);
    },
  });
  client.releaseConnection = async () => undefined;
  const onTable = (table: string) => client.queryBuilder().from(table);
  return Object.assign(onTable, {
    raw: client.raw.bind(client),
    fn: builder.fn,
    async prepared(text: string, values: readonly unknown[]) {
      keep({ text, values });
      const { rows } = await connection.query<Record<string, unknown>>(text, [...values]);
      return rows;
    },
    commitBehind: () => undefined,
    afterCommit: () => undefined,
    savepoint: () => Promise.reject(new Error('a search needs no savepoint')),
  });
}
