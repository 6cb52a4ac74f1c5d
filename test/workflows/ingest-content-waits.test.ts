import { describe, expect, vi } from 'vitest';
import { signals } from '../../src/domain/temporal-names.ts';
import { factsOfWorkflows } from '../support/fixtures.ts';
import { ingestionFakes, prepared, startIngestContent } from '../support/ingestion-fakes.ts';

const it = factsOfWorkflows();

describe('a document that waits', () => {
  it('has asked about few of its parts when the breaker is found open', async ({ test }) => {
    const askedBefore: number[] = [];
    const { activities, count } = ingestionFakes({
      prepareDocument: async () => prepared(20),
      extractPart: async () =>
        askedBefore.length > 0
          ? { kind: 'extracted' }
          : { kind: 'passing', code: 'circuit_open', retryAfterMs: 30_000 },
      showJobWait: async () => void askedBefore.push(count('extractPart')),
    });
    const result = await test.withActivities(activities, async (queue) =>
      (await startIngestContent(test, queue)).result(),
    );
    expect(result.outcome).toBe('completed');
    expect(askedBefore).toHaveLength(1);
    expect(askedBefore[0]).toBeLessThan(10);
  });

  it('begins its tries anew when the key has changed', async ({ test }) => {
    const waits: number[] = [];
    const { activities } = ingestionFakes({
      extractPart: async () =>
        waits.length < 3 ? { kind: 'passing', code: 'provider_unavailable' } : { kind: 'extracted' },
      showJobWait: async ({ inMs }) => void waits.push(inMs),
    });
    await test.withActivities(activities, async (queue) => {
      const handle = await startIngestContent(test, queue);
      await vi.waitFor(() => expect(waits).toHaveLength(1), { timeout: 30_000 });
      await test.env.sleep('20 seconds');
      await vi.waitFor(() => expect(waits).toHaveLength(2), { timeout: 30_000 });
      await handle.signal(signals.jobChanged);
      await vi.waitFor(() => expect(waits).toHaveLength(3), { timeout: 30_000 });
      expect((await handle.result()).outcome).toBe('completed');
    });
    expect(waits[1]).toBeGreaterThan(waits[0] ?? 0);
    expect(waits[2]).toBe(waits[0]);
  });
});
