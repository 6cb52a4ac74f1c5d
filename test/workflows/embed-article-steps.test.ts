import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import { toApplicationFailure } from '../../activities/failure.ts';
import type { Generated } from '../../src/domain/embed-article.ts';
import { factsOfWorkflows } from '../support/fixtures.ts';
import type { WorkflowTest } from '../support/workflow-environment.ts';
import { fakes, sequence, startEmbedArticle } from '../support/workflow-fakes.ts';

const it = factsOfWorkflows();
it.beforeAll(({ test }) => void test);

const pass = ['resolveEmbeddingKey', 'checkContentHash', 'generateEmbedding', 'recordUsage'];
const embedded: Generated = { kind: 'embedded', chunks: 1, inputTokens: 5 };

describe('the steps of EmbedArticle, counted', () => {
  it('enter the call for a text that has changed meanwhile, too', async ({ test }) => {
    const { calls } = await run(test, sequence<Generated>({ kind: 'changed' }, embedded));
    expect(calls).toEqual([...pass, ...pass]);
  });

  it('enter what was paid before a failure, and then give up, once each', async ({ test }) => {
    const { calls } = await run(test, sequence<Generated>(toApplicationFailure({ code: 'input_rejected' })));
    expect(calls).toEqual([...pass, 'giveUp']);
  });

  it('enter each batch once', async ({ test }) => {
    const more: Generated = { kind: 'more', missingChunks: 1, inputTokens: 5 };
    const { calls } = await run(test, sequence<Generated>(more, more, embedded));
    expect(calls).toEqual([...pass, ...pass.slice(2), ...pass.slice(2)]);
  });

  it('wait for a slot as short as at first after a call that had one', async ({ test }) => {
    const busy: Generated = { kind: 'busy', retryInMs: 1_000 };
    const more: Generated = { kind: 'more', missingChunks: 1, inputTokens: 5 };
    const { waitsMs } = await run(test, sequence<Generated>(busy, busy, more, busy, embedded));
    expect(waitsMs).toEqual([1_000, 1_500, 1_000]);
  });

  it('wait for an open breaker as long as it says, and for half a second at least', async ({ test }) => {
    const waits = (retryInMs: number): Generated => ({ kind: 'waits', code: 'circuit_open', retryInMs });
    const { waitsMs } = await run(test, sequence<Generated>(waits(0), waits(7_000), embedded));
    expect(waitsMs).toEqual([500, 7_000]);
  });
});

/** Runs the workflow of a new article to its end: the activities that it called, and its timers. */
async function run(test: WorkflowTest, generateEmbedding: () => Promise<Generated>) {
  const { activities, calls } = fakes({ generateEmbedding });
  const ref = { tenantId: randomUUID(), articleId: randomUUID() };
  return test.withActivities(activities, async (queue) => {
    const handle = await startEmbedArticle(test, queue, ref);
    await handle.result().catch(() => undefined);
    const { events } = await handle.fetchHistory();
    const waitsMs = (events ?? []).flatMap(({ timerStartedEventAttributes: timer }) =>
      timer
        ? [
            Number(timer.startToFireTimeout?.seconds ?? 0) * 1_000 +
              (timer.startToFireTimeout?.nanos ?? 0) / 1e6,
          ]
        : [],
    );
    return { calls, waitsMs };
  });
}
