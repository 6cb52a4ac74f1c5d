import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chown, lstat, mkdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Whom a child runs as. Undefined means: as ourselves. */
export interface ChildUser {
  readonly uid: number;
  readonly gid: number;
}

const isRoot = () => process.getuid?.() === 0;

/**
 * PostgreSQL refuses to run as root: there it runs as the owner of `dataHome`, so that a start as root goes on with what
 * a plain user made; where that is not there yet, as `postgres`, or as `nobody` where that user does not exist.
 */
export async function findChildUser(dataHome: string): Promise<ChildUser | undefined> {
  if (!isRoot()) return undefined;
  const stats = await lstat(dataHome).catch(() => undefined);
  if (stats && stats.uid !== 0) return { uid: stats.uid, gid: stats.gid };
  const users = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  for (const name of ['postgres', '_postgres', 'nobody']) {
    const [, , uid, gid] = users.find((fields) => fields[0] === name) ?? [];
    // Some systems write the numbers of nobody as -2.
    if (uid && gid && Number(uid) !== 0) return { uid: Number(uid) >>> 0, gid: Number(gid) >>> 0 };
  }
  throw new Error(
    'PostgreSQL cannot run as root, and this system has neither a user "postgres" nor "nobody"',
  );
}

/**
 * A directory that the child can use: `preferred`, or when the child cannot reach it (a clone below /root, say) one
 * elsewhere, whose path is kept in `locationFile` so that the next start finds it again.
 */
export async function reachableDirectory(
  preferred: string,
  user: ChildUser | undefined,
  locationFile: string,
): Promise<string> {
  const recorded = (await readFile(locationFile, 'utf8').catch(() => '')).trim();
  if (recorded !== '') return prepare(recorded, user);
  if (!user || canReach(await nearestExisting(preferred), user)) return prepare(preferred, user);
  // The name holds a random part: nobody can have laid a directory there, and a removed stack's data is not picked up.
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
    throw new Error(`${directory} belongs to uid ${stats.uid}, not ${wanted}: start as the user who made it`);
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

/** Tried rather than reckoned from modes, which know nothing of access lists, mounts and containers. */
function canReach(directory: string, user: ChildUser): boolean {
  return (
    spawnSync('/bin/sh', ['-c', 'cd -- "$1"', 'sh', directory], { ...user, cwd: '/', stdio: 'ignore' })
      .status === 0
  );
}
