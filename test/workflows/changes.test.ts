import { randomUUID } from 'node:crypto';
import { describe, expect, vi } from 'vitest';
import { factsOfWorkflows } from '../support/fixtures.ts';
import { fakes, startEmbedArticle } from '../support/workflow-fakes.ts';

const it = factsOfWorkflows();
it.beforeAll(({ test }) => void test);

describe('an author who never pauses', () => {
  // Again where the server that skips time has stood still, which it did in two of some forty runs.
  it('gets the next pass after ten seconds of edits, no sooner and no later', {
    timeout: 60_000,
    retry: 2,
  }, async ({ test }) => {
    const ref = { tenantId: randomUUID(), articleId: randomUUID() };
    const gates = [gate(), gate()];
    let passes = 0;
    const { activities } = fakes({
      generateEmbedding: async () => {
        passes += 1;
        await gates[passes - 1]?.opened;
        return { kind: 'embedded', chunks: 1, inputTokens: 5 };
      },
    });
    await test.withActivities(activities, async (queue) => {
      const handle = await startEmbedArticle(test, queue, ref);
      await vi.waitUntil(() => passes === 1, { timeout: 20_000 });
      await startEmbedArticle(test, queue, ref);
      gates[0]?.open();

      // An edit each 300 ms of the server's time, for a minute at most.
      for (let edit = 0; edit < 200 && passes === 1; edit += 1) {
        await test.env.sleep(300);
        await startEmbedArticle(test, queue, ref);
      }
      // The second pass is held, so that every timer so far is one of the first burst.
      const { events } = await handle.fetchHistory();
      gates[1]?.open();
      await handle.result();

      const timers = (events ?? []).flatMap(({ eventTime, timerStartedEventAttributes: timer }) =>
        timer ? [{ startMs: toMs(eventTime), endMs: toMs(eventTime) + toMs(timer.startToFireTimeout) }] : [],
      );
      const beganMs = Math.min(...timers.map(({ startMs }) => startMs));
      const waitedMs = Math.max(...timers.map(({ startMs }) => startMs)) - beganMs;
      const endsMs = Math.max(...timers.map(({ endMs }) => endMs)) - beganMs;
      expect(passes).toBeGreaterThanOrEqual(2);
      expect(waitedMs).toBeGreaterThan(9_000);
      // The time of a workflow stands still within a task, so a timer starts a little later than the workflow computes.
      expect(endsMs).toBeLessThan(10_250);
    });
  });
});

function gate() {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** A timestamp or duration of Temporal in milliseconds. */
function toMs(
  time: { readonly seconds?: unknown; readonly nanos?: number | null } | null | undefined,
): number {
  return Number(time?.seconds ?? 0) * 1_000 + (time?.nanos ?? 0) / 1e6;
}
