import { describeError, type ServiceDeath, type ServiceProcess } from './service-process.ts';
import type { Stack } from './stack.ts';

export interface RestartableProcesses extends Pick<Stack, 'choosePort' | 'startProcess'> {
  /**
   * Stops every process and starts it again on the same ports. Returns one description for each process that did not
   * become healthy; the next call tries those again.
   */
  restart(): Promise<readonly string[]>;
}

/**
 * Starts processes of a stack that can be restarted. The death of one does not end the stack, because a developer corrects
 * the mistake and goes on; `onDeath` receives it.
 */
export function createRestartableProcesses(
  stack: Pick<Stack, 'choosePort' | 'startProcess'>,
  onDeath: (death: ServiceDeath) => void,
): RestartableProcesses {
  const processes: ServiceProcess[] = [];
  return {
    choosePort: stack.choosePort,
    startProcess: async (makeSpec) => {
      const process = await stack.startProcess(makeSpec, onDeath);
      processes.push(process);
      return process;
    },
    restart: async () => {
      const restarts = await Promise.allSettled(
        processes.map(async (former, index) => {
          await former.stop();
          processes[index] = await stack.startProcess(async () => former.spec, onDeath);
        }),
      );
      return restarts.flatMap((each) => (each.status === 'rejected' ? [describeError(each.reason)] : []));
    },
  };
}
