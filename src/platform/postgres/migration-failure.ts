import { readThrown } from '../../domain/thrown.ts';

/**
 * The reason why a migration failed, in our own words. The errors of knex are never shown: the message is the whole statement,
 * and the statement of the application's role holds a password.
 */
export class MigrationFailed extends Error {
  override readonly name: string = 'MigrationFailed';
  /** The SQLSTATE, or the system's code for a failed connection. */
  readonly code: string | undefined;
  constructor(reason: string, code?: string) {
    super(code === undefined ? reason : `${reason} (${code})`);
    this.code = code;
  }
}

/** The reason of a SupersededDatabase: the first half of a sentence whose second half names the remedy. */
export const supersededDatabase =
  'the database was made by an earlier development version and cannot be brought up to date';

/** The database has migrations that a baseline has replaced. */
export class SupersededDatabase extends MigrationFailed {
  override readonly name = 'SupersededDatabase';
  constructor() {
    super(
      `${supersededDatabase}: make a new, empty database and name it in DATABASE_OWNER_URL and DATABASE_URL`,
    );
  }
}

/** The step that failed: a migration (undefined before the first), or one of the steps for the application's role. */
export type MigrationStep =
  | { readonly kind: 'schema'; readonly migration: string | undefined }
  | { readonly kind: 'create_role' | 'alter_role' | 'grant'; readonly role: string };

const owner = 'the login of DATABASE_OWNER_URL';

/** Turns a thrown error into a failure that may be shown. A MigrationFailed is returned as it is. */
export function explainMigrationFailure(thrown: unknown, step: MigrationStep): MigrationFailed {
  if (thrown instanceof MigrationFailed) return thrown;
  const code = readThrown(thrown, 'code');
  if (typeof code === 'string' && /^[A-Z0-9_]{1,40}$/.test(code)) {
    return new MigrationFailed(reasonOfConnection(code) ?? reasonOfStep(code, step), code);
  }
  if (readThrown(thrown, 'name') === 'MigrationLocked') {
    return new MigrationFailed(
      'another migration is under way, or was killed: in that case set is_locked in knex_migrations_lock to 0',
    );
  }
  if (/^The migration directory is corrupt/.test(String(readThrown(thrown, 'message')))) {
    return new MigrationFailed('the database is newer: it has migrations that this version does not know');
  }
  return new MigrationFailed(reasonOfStep(undefined, step));
}

function reasonOfConnection(code: string): string | undefined {
  switch (code) {
    case 'ECONNREFUSED':
    case 'ECONNRESET':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'ETIMEDOUT':
      return 'the database of DATABASE_OWNER_URL cannot be reached';
    case '28P01':
    case '28000':
      return `the database refuses ${owner}`;
    case '3D000':
      return 'the database named in DATABASE_OWNER_URL does not exist';
    default:
      return undefined;
  }
}

const insufficientPrivilege = '42501';

function reasonOfStep(code: string | undefined, step: MigrationStep): string {
  const lacksRight = code === insufficientPrivilege;
  switch (step.kind) {
    case 'schema': {
      const what =
        step.migration === undefined ? 'the list of migrations' : `the migration "${step.migration}"`;
      return lacksRight ? `${owner} lacks a right that ${what} needs` : `${what} failed`;
    }
    case 'create_role':
      return lacksRight
        ? `${owner} may not create the role "${step.role}" of DATABASE_URL: it needs CREATEROLE`
        : `the role "${step.role}" of DATABASE_URL could not be created`;
    case 'alter_role':
      return lacksRight
        ? `${owner} may not set the password of the role "${step.role}" of DATABASE_URL: it needs CREATEROLE, and that role WITH ADMIN OPTION`
        : `the password of the role "${step.role}" of DATABASE_URL could not be set`;
    case 'grant':
      return lacksRight
        ? `${owner} may not grant the role "${step.role}" its rights: it must own the schema's tables`
        : `the role "${step.role}" could not be granted its rights`;
    default:
      return step satisfies never;
  }
}
