import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';

/** The secrets of one stack, one file each, readable by their owner alone. */
export interface SecretFiles {
  read(name: string): Promise<string | undefined>;
  /** Writes atomically; the value is on the disk when the promise resolves. */
  write(name: string, value: string): Promise<void>;
  /** Returns the stored value, or creates and stores one. */
  readOrCreate(name: string, create: () => string): Promise<string>;
  path(name: string): string;
}

/** Creates the secret files of a directory. */
export function createSecretFiles(dir: string): SecretFiles {
  const path = (name: string) => join(dir, name);
  const read = async (name: string) => {
    const value = await readFile(path(name), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    return value === '' ? undefined : value;
  };
  const write = async (name: string, value: string) => {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const file = await open(`${path(name)}.new`, 'w', 0o600);
    await file.writeFile(value);
    await file.sync();
    await file.close();
    await rename(`${path(name)}.new`, path(name));
  };
  return {
    read,
    write,
    path,
    readOrCreate: async (name, create) => {
      const stored = await read(name);
      if (stored !== undefined) return stored;
      const value = create();
      await write(name, value);
      return value;
    },
  };
}

/** Returns a random password that is safe in a URL. */
export function randomPassword(): string {
  return randomBytes(24).toString('base64url');
}
