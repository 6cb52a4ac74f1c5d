import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';

/** Distinguishes a process from a later one with the same pid. */
export interface ProcessIdentity {
  /** The start time as the system prints it; only for comparison. */
  readonly startedAt: string;
  readonly commandLine: string;
}

/** Returns the identity of a running process; undefined when there is none, or only a zombie. */
export async function identifyProcess(pid: number): Promise<ProcessIdentity | undefined> {
  return process.platform === 'linux' ? identifyFromProc(pid) : identifyFromPs(pid);
}

async function identifyFromProc(pid: number): Promise<ProcessIdentity | undefined> {
  try {
    const [stat, commandLine] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'utf8'),
      readFile(`/proc/${pid}/cmdline`, 'utf8'),
    ]);
    // The name in parentheses may contain spaces, so fields are counted from its end. Field 3 is the state, 22 the start time.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, startedAt] = [fields[0], fields[19]];
    if (state === 'Z' || state === 'X' || startedAt === undefined) return undefined;
    return { startedAt, commandLine: commandLine.replaceAll('\0', ' ').trim() };
  } catch {
    return undefined;
  }
}

function identifyFromPs(pid: number): Promise<ProcessIdentity | undefined> {
  return new Promise((resolve) => {
    const columns = ['-o', 'state=', '-o', 'lstart=', '-o', 'command='];
    execFile(
      'ps',
      ['-ww', '-p', String(pid), ...columns],
      { env: { LC_ALL: 'C', PATH: '/bin:/usr/bin' } },
      (error, out) => {
        // "S+   Mon Nov 24 10:45:00 2026 /usr/bin/thing --flag"
        const match = error ? null : /^(\S+)\s+(\S+\s+\S+\s+\d+\s+[\d:]+\s+\d+)\s+(.*)$/.exec(out.trim());
        const [, state, startedAt, commandLine] = match ?? [];
        if (!state || state.startsWith('Z') || !startedAt || commandLine === undefined) resolve(undefined);
        else resolve({ startedAt, commandLine });
      },
    );
  });
}
