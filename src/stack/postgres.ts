import { execFile } from 'node:child_process';
import { chown, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { installPostgres, type PostgresInstallation } from './postgres-installation.ts';
import { identifyProcess } from './process-identity.ts';
import { randomPassword } from './secret-files.ts';
import type { ServiceContext } from './service-context.ts';
import { type ChildUser, findChildUser, reachableDirectory } from './unprivileged-user.ts';

export interface Postgres {
  /** The folder that holds its data and nothing else. */
  readonly dir: string;
  /** A login that owns the database `lorekeep`. */
  readonly ownerUrl: string;
  /** The application's login. Migrating creates its role. */
  readonly applicationUrl: string;
}

const ownerRole = 'lorekeep_owner';
const applicationRole = 'lorekeep_app';
const database = 'lorekeep';
/** In older versions vacuum can damage an HNSW index. */
const wantedPgvector = [0, 8, 4];
const preferredPort = 5432;

/** Starts PostgreSQL with pgvector on the loopback address. Throws with a readable message when it cannot. */
export async function startPostgres(context: ServiceContext): Promise<Postgres> {
  const home = join(context.dir, 'postgres');
  const locationFile = join(context.dir, 'postgres-location');
  const childUser = await findChildUser(home);
  const [directory, installation] = await Promise.all([
    reachableDirectory(home, childUser, locationFile),
    installPostgres({ ...context, user: childUser }),
  ]);
  const data = join(directory, 'data');
  const ownerPassword = await context.secrets.readOrCreate('database-owner-password', randomPassword);
  const appPassword = await context.secrets.readOrCreate('database-application-password', randomPassword);
  if (!(await stat(data).catch(() => undefined))) {
    await initialise({ context, installation, directory, data, user: childUser, ownerPassword });
  }
  await removeStaleLock(data);

  let port = 0;
  const url = (role: string, password: string, name: string) =>
    `postgres://${role}:${password}@127.0.0.1:${port}/${name}`;
  await context.startOnPorts(async () => {
    port = await context.choosePort('PostgreSQL', context.mode === 'persistent' ? preferredPort : 0);
    return {
      name: 'postgres',
      executable: installation.postgres,
      args: ['-D', data, '-p', String(port), ...serverSettings(context.mode)],
      env: installation.env,
      cwd: directory,
      ...childUser,
      isHealthy: async () => {
        await withClient(url(ownerRole, ownerPassword, 'postgres'), (client) => client.query('select 1'));
        return true;
      },
      deadlineMs: 90_000,
      // SIGINT closes connections and shuts down cleanly. SIGQUIT stops at once, which is enough for data that is deleted next.
      stopSignal: context.mode === 'persistent' ? 'SIGINT' : 'SIGQUIT',
      graceMs: 20_000,
    };
  });
  await withClient(url(ownerRole, ownerPassword, 'postgres'), async (client) => {
    const found = await client.query('select 1 from pg_database where datname = $1', [database]);
    if (found.rowCount === 0) await client.query(`create database ${database} owner ${ownerRole}`);
    await warnOfOldPgvector(client, context.log);
  });
  return {
    dir: directory,
    ownerUrl: url(ownerRole, ownerPassword, database),
    applicationUrl: url(applicationRole, appPassword, database),
  };
}

function serverSettings(mode: ServiceContext['mode']): string[] {
  const settings = {
    listen_addresses: '127.0.0.1',
    // No socket: its path could be too long, and all clients use TCP.
    unix_socket_directories: '',
    max_connections: '200',
    timezone: 'UTC',
    log_timezone: 'UTC',
    ...(mode === 'persistent'
      ? { fsync: 'on' }
      : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', autovacuum_naptime: '10s' }),
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

interface Initialisation {
  readonly context: ServiceContext;
  readonly installation: PostgresInstallation;
  readonly directory: string;
  readonly data: string;
  readonly user: ChildUser | undefined;
  readonly ownerPassword: string;
}

/** Creates the cluster under a temporary name and then renames it, so that an interrupted one is never used. */
async function initialise(options: Initialisation): Promise<void> {
  const { installation, directory, data, user, context } = options;
  const unfinished = join(directory, 'data.unfinished');
  const passwordFile = join(directory, 'password');
  await rm(unfinished, { recursive: true, force: true });
  await writeFile(passwordFile, options.ownerPassword, { mode: 0o600 });
  try {
    if (user) await chown(passwordFile, user.uid, user.gid);
    await promisify(execFile)(
      installation.initdb,
      [
        ...['-D', unfinished, '-U', ownerRole, '--auth=scram-sha-256', `--pwfile=${passwordFile}`],
        // The builtin locale sorts and folds case the same way on every system.
        ...['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
        ...(context.mode === 'ephemeral' ? ['--no-sync'] : []),
      ],
      { env: installation.env, cwd: directory, ...user },
    );
  } finally {
    await rm(passwordFile, { force: true });
  }
  await rename(unfinished, data);
}

/** Removes a lock file whose pid now belongs to another process, which would keep PostgreSQL from starting. */
async function removeStaleLock(data: string): Promise<void> {
  const lock = join(data, 'postmaster.pid');
  const pid = Number((await readFile(lock, 'utf8').catch(() => '')).split('\n')[0]);
  if (!Number.isInteger(pid) || pid <= 0) return;
  const identity = await identifyProcess(pid);
  if (!identity?.commandLine.includes(data)) await rm(lock, { force: true });
}

async function warnOfOldPgvector(client: pg.Client, log: (line: string) => void): Promise<void> {
  const { rows } = await client.query<{ default_version: string }>(
    `select default_version from pg_available_extensions where name = 'vector'`,
  );
  const found = rows[0]?.default_version ?? 'none';
  const parts = found.split('.').map(Number);
  const differing = wantedPgvector.findIndex((wanted, index) => (parts[index] ?? 0) !== wanted);
  const isOld = differing !== -1 && (parts[differing] ?? 0) < (wantedPgvector[differing] ?? 0);
  if (isOld || found === 'none') {
    log(`warning: pgvector is ${found}; before ${wantedPgvector.join('.')} vacuum can damage vector indexes`);
  }
}

async function withClient<T>(connectionString: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
