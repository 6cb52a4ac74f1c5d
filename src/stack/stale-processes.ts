import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { findStaleProcesses, type RecordedProcess } from './process-record.ts';

export interface StaleProcessOptions {
  readonly runDir: string;
  readonly graceMs: number;
  readonly log: (line: string) => void;
}

/**
 * Ends the processes that an earlier stack of this directory left running: with their stop signal, and after `graceMs`
 * with SIGKILL. It signals only processes that were recorded and are still the same ones.
 */
export async function endStaleProcesses({ runDir, graceMs, log }: StaleProcessOptions): Promise<void> {
  let stale = await findStaleProcesses(runDir);
  if (stale.length > 0) {
    log(`ending what an earlier start left running: ${stale.map((each) => each.name).join(', ')}`);
    for (const each of stale) signal(each, each.stopSignal);
    const deadline = Date.now() + graceMs;
    while (stale.length > 0 && Date.now() < deadline) {
      await delay(50);
      stale = await findStaleProcesses(runDir);
    }
    for (const each of stale) signal(each, 'SIGKILL');
    while ((await findStaleProcesses(runDir)).length > 0) await delay(20);
  }
  await rm(runDir, { recursive: true, force: true });
}

function signal({ pid }: RecordedProcess, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // The process has ended meanwhile.
  }
}
