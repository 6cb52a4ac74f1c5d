import pg from 'pg';

/** One connection with the owner's login, outside of any transaction: for statements that Postgres refuses in one. */
export interface OwnerConnection {
  query(sql: string, values?: readonly unknown[]): Promise<unknown[]>;
}

/**
 * Runs `work` on a connection of its own. Row-level security binds the owner too: it sees only the rows that are open to the
 * scope. Rejects as the driver or `work` rejects.
 */
export async function withOwnerConnection<T>(
  options: { readonly ownerUrl: string; readonly scope: 'indexing' },
  work: (owner: OwnerConnection) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({
    connectionString: options.ownerUrl,
    application_name: 'lorekeep-migrate',
  });
  // A broken connection rejects the statement under way, so this handler has nothing to do.
  client.on('error', () => undefined);
  await client.connect();
  try {
    // Building an index of a large table takes longer than a time-out that the login may have.
    await client.query(
      `select set_config('app.scope', $1, false), set_config('statement_timeout', '0', false)`,
      [options.scope],
    );
    return await work({
      query: async (sql, values = []) => (await client.query<Record<string, unknown>>(sql, [...values])).rows,
    });
  } finally {
    await client.end();
  }
}
