import { Session } from 'node:inspector';

/**
 * Counts how often the blocks of the project's own code in a folder run while `work` does. A number of steps is the same on
 * a busy machine and on an idle one, and nothing has to be counted by the code itself.
 */
export function countSteps(folder: string, work: () => void): number {
  const session = new Session();
  session.connect();
  try {
    session.post('Profiler.enable');
    session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
    work();
    let steps = 0;
    session.post('Profiler.takePreciseCoverage', (error, coverage) => {
      if (error) throw error;
      for (const { url, functions } of coverage.result) {
        if (!url.includes(folder)) continue;
        for (const { ranges } of functions) for (const { count } of ranges) steps += count;
      }
    });
    return steps;
  } finally {
    session.disconnect();
  }
}
