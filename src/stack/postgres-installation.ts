import { execFile } from 'node:child_process';
import { chmod, chown, copyFile, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { ChoosePort } from './ports.ts';
import { randomPassword } from './secret-files.ts';
import { type ChildUser, reachableDirectory } from './unprivileged-user.ts';
import type { Venv } from './venv.ts';

export interface PostgresInstallation {
  readonly initdb: string;
  readonly postgres: string;
  readonly pgDump: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface InstallationOptions {
  readonly venv: Venv;
  readonly venvDir: string;
  readonly user: ChildUser | undefined;
  readonly choosePort: ChoosePort;
  readonly log: (line: string) => void;
}

const run = promisify(execFile);

/**
 * Unpacks PostgreSQL with pgvector from the bundle in the Python environment, once for all stacks of this clone.
 * The stack runs the binaries itself, because the bundle would start the server with fsync off.
 */
export async function installPostgres(options: InstallationOptions): Promise<PostgresInstallation> {
  const parent = dirname(options.venvDir);
  const home = await reachableDirectory(
    join(parent, 'postgresql'),
    options.user,
    join(parent, 'postgresql-location'),
  );
  const installed = join(home, options.venv.postgresBundleVersion);
  if (!(await exists(join(installed, 'bin', 'postgres')))) {
    options.log('unpacking PostgreSQL (once)');
    await unpack(options, home, installed);
  }
  return {
    initdb: join(installed, 'bin', 'initdb'),
    postgres: join(installed, 'bin', 'postgres'),
    pgDump: join(installed, 'bin', 'pg_dump'),
    // The loader does not find the bundled libraries without this path.
    env: { LD_LIBRARY_PATH: join(installed, 'lib'), LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/bin:/bin' },
  };
}

async function unpack(options: InstallationOptions, home: string, installed: string): Promise<void> {
  const { user, venv } = options;
  const work = await mkdtemp(join(home, 'unpack-'));
  const bundle = join(work, 'pg0');
  // A copy, because the unprivileged user may not be able to read the clone.
  await copyFile(venv.postgresBundle, bundle);
  await chmod(bundle, 0o755);
  if (user) await chown(work, user.uid, user.gid);
  const asUser = {
    ...user,
    cwd: work,
    env: { HOME: work, TMPDIR: work, PATH: '/usr/bin:/bin', LC_ALL: 'C' },
    timeout: 120_000,
  };
  const port = String(await options.choosePort('the unpacking of PostgreSQL', 0));
  try {
    // The bundle has no command that only unpacks: it starts an empty server once and stops it.
    const data = ['--data-dir', join(work, 'data'), '--password', randomPassword()];
    await run(bundle, ['start', '--name', 'unpack', '--port', port, ...data], asUser);
    await run(bundle, ['stop', '--name', 'unpack'], asUser);
    const unpacked = join(work, '.pg0', 'installation');
    const [version] = await readdir(unpacked);
    if (version === undefined) throw new Error(`the bundle ${venv.postgresBundle} unpacked nothing`);
    await rename(join(unpacked, version), installed).catch(async (error) => {
      // Another stack may have unpacked it meanwhile.
      if (!(await exists(join(installed, 'bin', 'postgres')))) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
