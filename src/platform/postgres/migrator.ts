import knex, { type Knex } from 'knex';
import { z } from 'zod';
import {
  explainMigrationFailure,
  MigrationFailed,
  type MigrationStep,
  SupersededDatabase,
} from './migration-failure.ts';

/** The migrations, as knex reads them. */
export interface MigrationSource extends Knex.MigrationSource<unknown> {
  /** Earlier migrations that a baseline has replaced: a database that has one of them is refused. */
  readonly superseded?: readonly string[];
  /** Tables whose rows the application may only insert and read. */
  readonly appendOnly?: readonly string[];
  /** Functions that run with the owner's rights and that no role but the application's may call. */
  readonly applicationOnly?: readonly string[];
}

export interface MigratorOptions {
  /** The owner's login. */
  readonly ownerUrl: string;
  /** The application's login. Its role gets this URL's password and is created if it does not exist. */
  readonly applicationUrl: string;
  readonly source: MigrationSource;
}

/** The names of the migrations that were applied, in order. */
export interface Migrated {
  readonly applied: readonly string[];
}

/** The application's role is not bound by row-level security. */
export class UnsafeApplicationRole extends MigrationFailed {
  override readonly name = 'UnsafeApplicationRole';
  constructor(role: string) {
    super(`the role "${role}" of DATABASE_URL is a superuser or bypasses row-level security`);
  }
}

const silent = () => undefined;

/**
 * Brings the schema to the newest version and grants the application's role the rights that it needs and no others. Throws a
 * MigrationFailed, whose message may be shown.
 */
export async function migrateDatabase(options: MigratorOptions): Promise<Migrated> {
  const progress: Progress = { step: { kind: 'schema', migration: undefined } };
  const source = trackProgress(options.source, progress);
  try {
    return await withOwner({ ...options, source }, async (owner) => {
      await refuseSuperseded(owner, options.source);
      const [, applied] = await owner.migrate.latest();
      await grantApplicationRole(owner, options, progress);
      return { applied };
    });
  } catch (error) {
    throw explainMigrationFailure(error, progress.step);
  }
}

/** Throws a SupersededDatabase before anything is written, so that a refused database stays unchanged. */
async function refuseSuperseded(owner: Knex, { superseded = [] }: MigrationSource): Promise<void> {
  if (!(await owner.schema.hasTable('knex_migrations'))) return;
  const found: unknown = await owner('knex_migrations').whereIn('name', superseded).first('name');
  if (found !== undefined) throw new SupersededDatabase();
}

/** The step under way; a failure is explained by it. */
interface Progress {
  step: MigrationStep;
}

/** The same migrations; each notes its name in `progress` when it starts. */
function trackProgress(
  source: Knex.MigrationSource<unknown>,
  progress: Progress,
): Knex.MigrationSource<unknown> {
  return {
    getMigrations: (extensions) => source.getMigrations(extensions),
    getMigrationName: (each) => source.getMigrationName(each),
    async getMigration(each) {
      const migration = await source.getMigration(each);
      return {
        ...migration,
        up(tx) {
          progress.step = { kind: 'schema', migration: source.getMigrationName(each) };
          return migration.up(tx);
        },
      };
    },
  };
}

/** Rolls back every migration and so drops all data. For development and the test of the migrations. */
export async function rollBackDatabase(options: MigratorOptions): Promise<void> {
  await withOwner(options, async (owner) => {
    await owner.migrate.rollback(undefined, true);
  });
}

async function withOwner<T>(options: MigratorOptions, work: (owner: Knex) => Promise<T>): Promise<T> {
  const owner = knex({
    client: 'pg',
    connection: { connectionString: options.ownerUrl, application_name: 'lorekeep-migrate' },
    pool: { min: 0, max: 2 },
    migrations: { migrationSource: options.source },
    // Its own log is off, since it would print statements; the caller reports failures.
    log: { debug: silent, warn: silent, error: silent, deprecate: silent },
  });
  try {
    return await work(owner);
  } finally {
    await owner.destroy();
  }
}

async function grantApplicationRole(
  owner: Knex,
  { applicationUrl, source }: MigratorOptions,
  progress: Progress,
): Promise<void> {
  const { username, password } = new URL(applicationUrl);
  const role = decodeURIComponent(username);
  progress.step = { kind: 'grant', role };
  // Roles are shared by the whole server, so the lock keeps two concurrent migrations from creating the same role.
  await owner.transaction(async (tx) => {
    await tx.raw('select pg_advisory_xact_lock(hashtext(?))', [`role ${role}`]);
    const [found] = z
      .array(z.object({ rolsuper: z.boolean(), rolbypassrls: z.boolean() }))
      .parse(await tx('pg_roles').where({ rolname: role }).select('rolsuper', 'rolbypassrls'));
    if (found?.rolsuper || found?.rolbypassrls) throw new UnsafeApplicationRole(role);
    // An owner without superuser rights may set no other attributes of an existing role.
    const attributes = found ? 'login' : 'login nosuperuser nocreatedb nocreaterole nobypassrls';
    progress.step = { kind: found ? 'alter_role' : 'create_role', role };
    // Statements about roles take no parameters, so the server quotes the values.
    const { rows } = await tx.raw<{ rows: { statement: string }[] }>(
      `select format('${found ? 'alter' : 'create'} role %I ${attributes} password %L', ?::text, ?::text) as statement`,
      [role, decodeURIComponent(password)],
    );
    for (const { statement } of rows) await tx.raw(statement.replaceAll('?', '\\?'));
    progress.step = { kind: 'grant', role };
    await tx.raw('grant usage on schema public to ??', [role]);
    await tx.raw('grant select, insert, update, delete on all tables in schema public to ??', [role]);
    await tx.raw('grant usage on all sequences in schema public to ??', [role]);
    for (const table of source.appendOnly ?? [])
      await tx.raw('revoke update, delete, truncate on ?? from ??', [table, role]);
    for (const name of source.applicationOnly ?? [])
      await tx.raw('grant execute on function ?? to ??', [name, role]);
    for (const table of ['knex_migrations', 'knex_migrations_lock']) {
      await tx.raw('revoke all on ?? from ??', [table, role]);
    }
  });
}
