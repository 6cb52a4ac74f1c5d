import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { identifyProcess } from '../../src/stack/process-identity.ts';

export const venvDir = join(import.meta.dirname, '..', '..', '.stack', 'venv');

const endpoints = z.object({
  databaseOwnerUrl: z.string(),
  databaseUrl: z.string(),
  temporalAddress: z.string(),
  vaultAddr: z.string(),
  vaultToken: z.string(),
  started: z.array(z.string()),
});

export interface RunningStack extends z.infer<typeof endpoints> {
  readonly process: ChildProcess;
  readonly told: () => string;
  /** Resolves when the stack's own process has ended. */
  readonly ended: Promise<void>;
}

/** A path that does not exist yet, and that another user than root could reach. */
export function newDir(): string {
  return join(tmpdir(), `lorekeep-stack-test-${randomBytes(6).toString('hex')}`);
}

/** Runs a stack in a process of its own and waits for its endpoints. */
export async function runStack(dir: string, mode: 'persistent' | 'ephemeral'): Promise<RunningStack> {
  const script = join(import.meta.dirname, 'stack-process.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', script, dir, venvDir, mode], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let told = '';
  child.stderr.on('data', (chunk) => {
    told += chunk;
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      output += chunk;
      if (output.includes('\n')) resolve();
    });
    void ended.then(() => reject(new Error(`the stack ended early: ${told}`)));
  });
  return { ...endpoints.parse(JSON.parse(output)), process: child, told: () => told, ended };
}

/** The pids of the services that a stack has recorded. */
export async function recordedPids(dir: string): Promise<number[]> {
  const files = await readdir(join(dir, 'run'));
  return Promise.all(
    files.map(async (file) => Number((await readFile(join(dir, 'run', file), 'utf8')).split('\n')[0])),
  );
}

export async function runningOf(pids: readonly number[]): Promise<number[]> {
  const identities = await Promise.all(pids.map(async (pid) => ((await identifyProcess(pid)) ? [pid] : [])));
  return identities.flat();
}
