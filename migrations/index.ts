import type { Knex } from 'knex';
import * as baseline from './001_baseline.ts';

/**
 * Every migration by hand, in order: a directory scan cannot load `.ts` everywhere, and a list shows the history.
 *
 * From the baseline on a migration expands or contracts, never both. The API and the worker of the version before still run
 * while it is applied, and have to go on with what it leaves: it adds what the new code needs, and a later version takes away
 * what no code uses any more. It makes and drops an index of a table that has rows with `concurrently`, outside of a
 * transaction (`export const config = { transaction: false }`): otherwise every write waits until the index is built.
 * After a change of the schema, `npm run schema` writes docs/schema.sql anew.
 */
const migrations: readonly { readonly name: string; readonly migration: Knex.Migration }[] = [
  { name: '001_baseline', migration: baseline },
];

/**
 * The list as knex reads it. `superseded` names what the baseline has taken the place of: a database with one of them was made by
 * a development version, and nothing brings it up to date.
 */
export const migrationSource: Knex.MigrationSource<(typeof migrations)[number]> & {
  readonly superseded: readonly string[];
} = {
  superseded: ['001_tenants'],
  getMigrations: async () => [...migrations],
  getMigrationName: ({ name }) => name,
  getMigration: async ({ migration }) => migration,
};
