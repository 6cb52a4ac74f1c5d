import { progress, runWithService } from '../quality-stack.ts';
import { readCollection } from './collection.ts';
import { type MeasuredCollection, measureCollection } from './measurement.ts';
import { describeCollections } from './table.ts';

/** `npm run bench:quality -- --collection FOLDER`: each collection in a tenant of its own, beside the baselines. The exit code. */
export async function runCollections(
  folders: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  // Before the servers start, because a wrong folder is a matter of a second.
  const read = await Promise.allSettled(folders.map(readCollection));
  const problems = read.flatMap((each) =>
    each.status === 'rejected'
      ? [each.reason instanceof Error ? each.reason.message : String(each.reason)]
      : [],
  );
  if (problems.length > 0) {
    for (const problem of problems) progress(problem);
    return 2;
  }
  const collections = read.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  return runWithService(env, async (service) => {
    const measured: MeasuredCollection[] = [];
    for (const [index, collection] of collections.entries()) {
      measured.push(await measureCollection(service, collection, `collection-${index + 1}`));
    }
    return describeCollections(measured);
  });
}
