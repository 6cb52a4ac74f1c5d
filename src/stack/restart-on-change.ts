import type { RestartableProcesses } from './restartable-processes.ts';
import { describeError } from './service-process.ts';
import { watchSources } from './source-watcher.ts';

export interface RestartOnChangeOptions {
  readonly root: string;
  readonly processes: Pick<RestartableProcesses, 'restart'>;
  /** Applies new migrations. */
  readonly migrate: () => Promise<void>;
  readonly log: (line: string) => void;
}

const folders = ['src', 'workflows', 'activities', 'migrations'];

/** Restarts the API and the worker at every change of a source file, until this process ends. New migrations run before. */
export async function restartOnChange(options: RestartOnChangeOptions): Promise<void> {
  const { root, processes, migrate, log } = options;
  await watchSources({
    root,
    folders,
    onChange: async (files) => {
      log(`${describeFiles(files)} changed: restarting the API and the worker …`);
      if (files.some((file) => file.startsWith('migrations/'))) {
        log('migrating the database …');
        await migrate().catch((error: unknown) => log(describeError(error)));
      }
      const problems = await processes.restart();
      for (const problem of problems) log(problem);
      log(problems.length === 0 ? 'restarted' : 'not everything runs: waiting for the next change …');
    },
    onError: (error) => log(`cannot watch the source files: ${describeError(error)}`),
  });
}

function describeFiles([first, ...others]: readonly string[]): string {
  return others.length === 0 ? `${first}` : `${first} and ${others.length} more`;
}
