import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { identifyProcess } from './process-identity.ts';

/**
 * The record of one process: pid, stop signal, executable, start time. The next start ends the recorded processes that
 * still run. It is a file of plain lines because the watchdog, a shell script, reads the first three.
 */
const recordSchema = z.tuple([
  z.coerce.number().int().positive(),
  z.enum(['SIGTERM', 'SIGINT', 'SIGQUIT']),
  z.string(),
  z.string().min(1),
]);

export type StopSignal = z.infer<typeof recordSchema>[1];

export interface RecordedProcess {
  readonly name: string;
  readonly pid: number;
  readonly stopSignal: StopSignal;
}

const suffix = '.process';

/** Records a process that was just started, unless it has ended already. */
export async function recordProcess(
  runDir: string,
  started: RecordedProcess & { readonly executable: string },
): Promise<void> {
  const identity = await identifyProcess(started.pid);
  if (!identity) return;
  await mkdir(runDir, { recursive: true, mode: 0o700 });
  const lines = [started.pid, started.stopSignal, started.executable, identity.startedAt];
  const file = join(runDir, started.name + suffix);
  await writeFile(`${file}.new`, `${lines.join('\n')}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

/** Removes the record of a process. */
export async function forgetProcess(runDir: string, name: string): Promise<void> {
  await rm(join(runDir, name + suffix), { force: true });
}

/** Finds the recorded processes that still run, compared by pid, start time and executable. */
export async function findStaleProcesses(runDir: string): Promise<RecordedProcess[]> {
  const files = await readdir(runDir).catch(() => []);
  const found: RecordedProcess[] = [];
  for (const file of files.filter((each) => each.endsWith(suffix))) {
    const lines = (await readFile(join(runDir, file), 'utf8').catch(() => '')).trim().split('\n');
    const parsed = recordSchema.safeParse(lines);
    if (!parsed.success) continue;
    const [pid, stopSignal, executable, startedAt] = parsed.data;
    const identity = await identifyProcess(pid);
    if (identity?.startedAt !== startedAt || !identity.commandLine.startsWith(executable)) continue;
    found.push({ name: file.slice(0, -suffix.length), pid, stopSignal });
  }
  return found;
}
