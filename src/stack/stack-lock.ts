import { findStaleProcesses, forgetProcess, recordProcess } from './process-record.ts';

const name = 'stack';

/** Records that this process runs the stack of a directory. Throws when another process already does. */
export async function lockStack(lockDir: string): Promise<{ release(): Promise<void> }> {
  const [holder] = await findStaleProcesses(lockDir);
  if (holder && holder.pid !== process.pid) {
    throw new Error(`a stack of this directory runs already (process ${holder.pid}): stop it first`);
  }
  await recordProcess(lockDir, {
    name,
    pid: process.pid,
    stopSignal: 'SIGTERM',
    // Test runners rename their process, so only pid and start time are compared.
    executable: '',
  });
  return { release: () => forgetProcess(lockDir, name) };
}
