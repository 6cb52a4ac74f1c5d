import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { createPortChooser } from './ports.ts';
import { installPostgres } from './postgres-installation.ts';
import { findChildUser } from './unprivileged-user.ts';
import { openVenv } from './venv.ts';

const heading = `-- The schema as the migrations leave it, for reading. Generated: npm run schema writes it.
-- The reasons stand beside the statements in migrations/.
`;

/** The schema of a database as SQL, without the migrations' own tables, owners and grants: the same on every machine. */
export async function readSchema(options: {
  /** A login that owns the tables. */
  readonly url: string;
  readonly venvDir: string;
}): Promise<string> {
  const { venvDir } = options;
  const silent = () => undefined;
  const { pgDump, env } = await installPostgres({
    venv: openVenv(venvDir),
    venvDir,
    user: await findChildUser(join(dirname(venvDir), 'postgresql')),
    choosePort: createPortChooser(silent),
    log: silent,
  });
  // Other users of the machine can read arguments, not the environment.
  const url = new URL(options.url);
  const password = decodeURIComponent(url.password);
  url.password = '';
  const { stdout } = await promisify(execFile)(
    pgDump,
    [
      ...['--schema-only', '--no-owner', '--no-privileges', '--no-comments'],
      ...['--exclude-table=knex_migrations*', '--dbname', url.href],
    ],
    { env: { ...env, PGPASSWORD: password }, maxBuffer: 16 * 1024 * 1024 },
  );
  return `${heading}\n${withoutSession(stdout)}`;
}

/** The statements alone: no names of versions, no settings of the session, no headings. */
function withoutSession(dump: string): string {
  const statements = dump
    .replace(/^--\n(-- .*\n)+--\n/gm, '')
    .replace(/^-- Dumped .*\n/gm, '')
    .replace(/^\\(un)?restrict .*\n/gm, '')
    .replace(/^SET \w+ = .*;\n/gm, '')
    .replace(/^SELECT pg_catalog\.set_config\('search_path'.*\n/gm, '')
    .replace(/\n{3,}/g, '\n\n');
  return `${statements.trim()}\n`;
}
