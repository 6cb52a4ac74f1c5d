import pg from 'pg';

/** One connection with the owner's login, outside of any transaction: for what Postgres does in none. */
export interface OwnerConnection {
  query(sql: string, values?: readonly unknown[]): Promise<unknown[]>;
}

/**
 * Runs `work` on a connection of its own. The owner too is bound by the policies, and sees the rows that are open to the
 * scope, and no others. Throws what the driver throws.
 */
export async function withOwnerConnection<T>(
  options: { readonly ownerUrl: string; readonly scope: 'indexing' },
  work: (owner: OwnerConnection) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({
    connectionString: options.ownerUrl,
    application_name: 'lorekeep-migrate',
  });
  // A connection that breaks fails the statement that is under way.
  client.on('error', () => undefined);
  await client.connect();
  try {
    // An index of a large table takes longer than any time-out that the login may have.
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
