import { writeFileSync } from 'node:fs';
import { Piscina } from 'piscina';
import { z } from 'zod';
import { loaderFor } from './thread-pool.ts';

// The main file of a process of a pool. Tasks run in a thread of it, so that the process itself can always end: a task that never
// ends would otherwise outlive the process that has asked for it.

const [file, maxOldGenerationSizeMb] = z.tuple([z.url(), z.coerce.number()]).parse(process.argv.slice(2));

const thread = new Piscina({
  ...{ filename: file, minThreads: 1, maxThreads: 1, execArgv: loaderFor(new URL(file)) },
  resourceLimits: { maxOldGenerationSizeMb },
});
// A thread that dies fails its task, and the next one gets another.
thread.on('error', () => undefined);

process.on('message', (task) => {
  thread.run(task).then(
    (result: unknown) => process.send?.({ kind: 'done', result }),
    () => process.send?.({ kind: 'threw' }),
  );
});
process.once('disconnect', () => process.exit(0));
// A signal to the whole group is for the process that has asked: it lets its tasks end, or ends them.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
endFirst();

/** Where the memory of the machine runs out, Linux ends this process before any other. */
function endFirst(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', '1000');
  } catch {
    // Another system, or a stricter one: its own choice holds.
  }
}
