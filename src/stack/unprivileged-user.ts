import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chown, lstat, mkdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** The user of a child process. Undefined means the user of this process. */
export interface ChildUser {
  readonly uid: number;
  readonly gid: number;
}

const isRoot = () => process.getuid?.() === 0;

/**
 * Chooses the user for PostgreSQL, which refuses to run as root. As root it is the owner of `dataHome`, so that root can
 * start what another user created; if there is no such directory, `postgres`; if there is no such user, `nobody`.
 */
export async function findChildUser(dataHome: string): Promise<ChildUser | undefined> {
  if (!isRoot()) return undefined;
  const stats = await lstat(dataHome).catch(() => undefined);
  if (stats && stats.uid !== 0) return { uid: stats.uid, gid: stats.gid };
  const users = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  for (const name of ['postgres', '_postgres', 'nobody']) {
    const [, , uid, gid] = users.find((fields) => fields[0] === name) ?? [];
    // Some systems write the ids of nobody as -2.
    if (uid && gid && Number(uid) !== 0) return { uid: Number(uid) >>> 0, gid: Number(gid) >>> 0 };
  }
  throw new Error(
    'PostgreSQL cannot run as root, and this system has neither a user "postgres" nor "nobody"',
  );
}

/**
 * Returns a directory that the child can use: `preferred`, or another one if the child cannot reach it (for example in a
 * clone below /root). The path of the other one is written to `locationFile`, where the next start finds it.
 */
export async function reachableDirectory(
  preferred: string,
  user: ChildUser | undefined,
  locationFile: string,
): Promise<string> {
  const recorded = (await readFile(locationFile, 'utf8').catch(() => '')).trim();
  if (recorded !== '') return prepare(recorded, user);
  if (!user || canReach(await nearestExisting(preferred), user)) return prepare(preferred, user);
  // The random part keeps others from creating the directory first, and keeps the data of a removed stack apart.
  const id = createHash('sha256').update(preferred).digest('hex').slice(0, 8);
  const name = `lorekeep-${id}-${randomBytes(4).toString('hex')}`;
  for (const base of ['/var/lib', tmpdir()]) {
    if (!canReach(base, user)) continue;
    const directory = join(base, name);
    await mkdir(dirname(locationFile), { recursive: true, mode: 0o755 });
    await writeFile(locationFile, `${directory}\n`, { mode: 0o644 });
    return prepare(directory, user);
  }
  throw new Error(
    `PostgreSQL's user (uid ${user.uid}) can reach neither ${preferred}, /var/lib nor ${tmpdir()}`,
  );
}

async function prepare(directory: string, user: ChildUser | undefined): Promise<string> {
  await mkdir(dirname(directory), { recursive: true, mode: 0o755 });
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const stats = await lstat(directory);
  if (!stats.isDirectory()) throw new Error(`${directory} is not a directory`);
  const wanted = user?.uid ?? process.getuid?.();
  if (stats.uid === wanted) return directory;
  if (!user || stats.uid !== 0) {
    throw new Error(
      `${directory} belongs to uid ${stats.uid}, not ${wanted}: start as the user who created it`,
    );
  }
  await chown(directory, user.uid, user.gid);
  return directory;
}

async function nearestExisting(path: string): Promise<string> {
  const exists = await lstat(path).then(
    () => true,
    () => false,
  );
  return exists || dirname(path) === path ? path : nearestExisting(dirname(path));
}

/** Tries to enter the directory, because file modes do not show access lists, mounts and containers. */
function canReach(directory: string, user: ChildUser): boolean {
  return (
    spawnSync('/bin/sh', ['-c', 'cd -- "$1"', 'sh', directory], { ...user, cwd: '/', stdio: 'ignore' })
      .status === 0
  );
}
