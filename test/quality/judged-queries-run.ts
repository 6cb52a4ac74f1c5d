import { publishSamples, waitUntilEmbedded } from '../../src/stack/sample-articles.ts';
import { measureJudgedQueries } from './judged-queries-measurement.ts';
import { describeMeasured } from './judged-queries-table.ts';
import { describeOffTopic, measureOffTopic } from './off-topic.ts';
import { progress, runWithService } from './quality-stack.ts';

const embeddingDeadlineMs = 20 * 60_000;

/** `npm run bench:quality`: the samples in a service of its own, every judged query in every mode. The exit code. */
export function runJudgedQueries(env: Readonly<Record<string, string | undefined>>): Promise<number> {
  return runWithService(env, async ({ api, createTenant }) => {
    const keys = await createTenant('quality');
    await publishSamples(api, keys.user);
    await waitUntilEmbedded(api, keys.user, {
      deadlineMs: embeddingDeadlineMs,
      onProgress: ({ embedded, published }) => progress(`${embedded} of ${published} samples are embedded`),
    });
    const measured = await measureJudgedQueries(api, keys.agent);
    const offTopic = await measureOffTopic(api, keys.agent);
    return `${describeMeasured(measured)}\n\n${describeOffTopic(measured, offTopic)}`;
  });
}
