import { findLeftOvers, forgetProcess, recordProcess } from './process-record.ts';

const name = 'stack';

/** Notes that this process runs the stack of a directory. Throws when another one does. */
export async function lockStack(lockDir: string): Promise<{ release(): Promise<void> }> {
  const [holder] = await findLeftOvers(lockDir);
  if (holder && holder.pid !== process.pid) {
    throw new Error(`a stack of this directory runs already (process ${holder.pid}): stop it first`);
  }
  await recordProcess(lockDir, {
    name,
    pid: process.pid,
    stopSignal: 'SIGTERM',
    // Test runners rename their process: the start time has to do.
    executable: '',
  });
  return { release: () => forgetProcess(lockDir, name) };
}
