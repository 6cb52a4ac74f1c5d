import { execFile } from 'node:child_process';
import { cpus, loadavg, totalmem } from 'node:os';
import { promisify } from 'node:util';
import pg from 'pg';
import { z } from 'zod';
import type { BenchStack } from './bench-stack.ts';

/** What a figure has to be read with. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  /** Of the last minute, before the first measurement: above the number of cores others were at work as well. */
  readonly load: number;
  readonly node: string;
  readonly postgres: string;
  readonly fsync: string;
  readonly temporal: string;
  readonly commit: string;
}

const settingsRow = z.tuple([z.object({ version: z.string(), fsync: z.string() })]);

/** Describes the machine, the servers and the commit. */
export async function describeMachine(
  stack: Pick<BenchStack, 'databaseOwnerUrl' | 'temporal'>,
): Promise<Machine> {
  const owner = new pg.Client({ connectionString: stack.databaseOwnerUrl });
  await owner.connect();
  const { rows } = await owner.query(
    `select current_setting('server_version') as version, current_setting('fsync') as fsync`,
  );
  await owner.end();
  const [{ version, fsync }] = settingsRow.parse(rows);
  const { serverVersion } = await stack.temporal.workflowService.getSystemInfo({});
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 1024 ** 3),
    load: Math.round((loadavg()[0] ?? 0) * 10) / 10,
    node: process.versions.node,
    postgres: version,
    fsync,
    temporal: serverVersion ?? 'unknown',
    commit: await describeCommit(),
  };
}

/** The commit, and whether files differ from it. */
async function describeCommit(): Promise<string> {
  const git = async (...args: string[]) =>
    (await promisify(execFile)('git', args, { cwd: import.meta.dirname })).stdout.trim();
  try {
    const dirty = (await git('status', '--porcelain', '--untracked-files=no')) !== '';
    return `${await git('rev-parse', '--short=12', 'HEAD')}${dirty ? ' with changes' : ''}`;
  } catch {
    return 'unknown';
  }
}
