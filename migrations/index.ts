import type { Knex } from 'knex';
import * as baseline from './001_baseline.ts';

/**
 * The list of migrations, in order. It is written by hand, since a directory scan cannot load `.ts` in every process, and a
 * list shows the history.
 *
 * After the baseline a migration expands or contracts the schema, never both. While it is applied, the API and the worker of
 * the version before still run and must work with its result: it adds what the new code needs, and a later version removes what
 * no code uses any more. It creates and drops the index of a table with rows by `concurrently`, outside of a transaction
 * (`export const config = { transaction: false }`): otherwise every write waits until the index is built. After a change of the
 * schema, `npm run schema` writes docs/schema.sql again.
 */
const migrations: readonly { readonly name: string; readonly migration: Knex.Migration }[] = [
  { name: '001_baseline', migration: baseline },
];

/**
 * The list as knex reads it. `superseded` names migrations that the baseline has replaced: a database with one of them was made
 * by a development version and cannot be migrated. `appendOnly` names tables whose rows the application may only insert and read,
 * `applicationOnly` functions that no other role may call.
 */
export const migrationSource: Knex.MigrationSource<(typeof migrations)[number]> & {
  readonly superseded: readonly string[];
  readonly appendOnly: readonly string[];
  readonly applicationOnly: readonly string[];
} = {
  superseded: ['001_tenants'],
  appendOnly: ['audit_log'],
  applicationOnly: ['count_words', 'end_audit_rows', 'rank_by_words', 'rank_few_by_words'],
  getMigrations: async () => [...migrations],
  getMigrationName: ({ name }) => name,
  getMigration: async ({ migration }) => migration,
};
