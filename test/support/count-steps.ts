import { Session } from 'node:inspector';

/** Counts the steps of some work. */
export type CountSteps = (work: () => void) => number;

/**
 * Counts how often the blocks of the project's own code in a folder run: a number of steps is the same on a busy machine and on an
 * idle one, and nothing has to be counted by the code itself. Create it before the code runs for the first time: only
 * functions that are compiled afterwards have counters in their loops.
 */
export function createStepCounter(folder: string): CountSteps {
  const session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });

  /** The counts since the last time they were taken. */
  const take = () => {
    let steps = 0;
    session.post('Profiler.takePreciseCoverage', (error, coverage) => {
      if (error) throw error;
      for (const { url, functions } of coverage.result) {
        if (!url.includes(folder)) continue;
        for (const { ranges } of functions) for (const { count } of ranges) steps += count;
      }
    });
    return steps;
  };

  return (work) => {
    take();
    work();
    return take();
  };
}
