import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { findLeftOvers, type RecordedProcess } from './process-record.ts';

export interface LeftOverOptions {
  readonly runDir: string;
  readonly graceMs: number;
  readonly log: (line: string) => void;
}

/**
 * Ends what an earlier stack of this directory left running, politely and then by force, and forgets it.
 * Only ever a process that was recorded and is still the same one.
 */
export async function endLeftOvers({ runDir, graceMs, log }: LeftOverOptions): Promise<void> {
  let leftOvers = await findLeftOvers(runDir);
  if (leftOvers.length > 0) {
    log(`ending what an earlier start left running: ${leftOvers.map((each) => each.name).join(', ')}`);
    for (const each of leftOvers) signal(each, each.stopSignal);
    const deadline = Date.now() + graceMs;
    while (leftOvers.length > 0 && Date.now() < deadline) {
      await delay(50);
      leftOvers = await findLeftOvers(runDir);
    }
    for (const each of leftOvers) signal(each, 'SIGKILL');
    while ((await findLeftOvers(runDir)).length > 0) await delay(20);
  }
  await rm(runDir, { recursive: true, force: true });
}

function signal(leftOver: RecordedProcess, name: NodeJS.Signals): void {
  try {
    process.kill(leftOver.pid, name);
  } catch {
    // It ended between the look and the signal.
  }
}
