import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, vi } from 'vitest';
import { toApplicationFailure } from '../../activities/failure.ts';
import type { Activities } from '../../activities/index.ts';
import type { FailureCode } from '../../src/domain/failures.ts';
import type { Extracted, Finished, Made, Prepared } from '../../src/domain/ingest-content.ts';
import { signals } from '../../src/domain/temporal-names.ts';
import { factsOfWorkflows } from '../support/fixtures.ts';
import { completed, ingestionFakes, prepared, startIngestContent } from '../support/ingestion-fakes.ts';
import { sequence } from '../support/workflow-fakes.ts';

const busy = { kind: 'busy', retryInMs: 1_000 } as const;
const vaultAway = { kind: 'passing', code: 'vault_unavailable' } as const;

const it = factsOfWorkflows();
it.beforeAll(({ test }) => void test);

describe('IngestContent', () => {
  it('reads the document, asks about each part, makes its articles, and ends the job', async ({ test }) => {
    const { activities, calls } = ingestionFakes();
    const result = await test.withActivities(activities, async (queue) =>
      (await startIngestContent(test, queue)).result(),
    );
    expect(calls).toEqual(['prepareDocument', 'extractPart', 'makeArticles', 'finishJob']);
    expect(result).toEqual({ outcome: 'completed', parts: 1, articles: 2 });
  });

  it('asks about four parts at once, and about no more', async ({ test }) => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { activities, count } = ingestionFakes({
      prepareDocument: async () => prepared(6),
      async extractPart() {
        await held;
        return { kind: 'extracted' };
      },
    });
    await test.withActivities(activities, async (queue) => {
      const handle = await startIngestContent(test, queue);
      await vi.waitFor(() => expect(count('extractPart')).toBeGreaterThan(1), { timeout: 30_000 });
      // All that are asked about at once are scheduled by one task of the workflow.
      const { events } = await handle.fetchHistory();
      const scheduled = (events ?? []).flatMap(
        ({ activityTaskScheduledEventAttributes: activity }) => activity?.activityType?.name ?? [],
      );
      // Before anything is expected: the worker ends with its activities.
      release();
      expect(scheduled.filter((name) => name === 'extractPart')).toHaveLength(4);
      await handle.result();
    });
    expect([count('extractPart'), count('makeArticles')]).toEqual([6, 6]);
  });

  it('asks for a slot with one part while none is free, and with all once one was', async ({ test }) => {
    const asked: number[] = [];
    const { activities } = ingestionFakes({
      prepareDocument: async () => prepared(6),
      async extractPart({ part }) {
        asked.push(part);
        return asked.length <= 7 ? busy : { kind: 'settled' };
      },
    });
    await test.withActivities(activities, async (queue) => (await startIngestContent(test, queue)).result());
    expect(new Set(asked.slice(0, 4)).size).toBe(4);
    expect(new Set(asked.slice(4, 8)).size).toBe(1);
    expect(new Set(asked.slice(7)).size).toBe(6);
    expect(asked).toHaveLength(13);
  });

  it('asks about the halves of a part whose answer was cut off', async ({ test }) => {
    const asked: string[] = [];
    const { activities } = ingestionFakes({
      async extractPart({ part, half }) {
        asked.push(`${part}.${half}`);
        return half === 0 ? { kind: 'cut' } : { kind: 'extracted' };
      },
    });
    await test.withActivities(activities, async (queue) => (await startIngestContent(test, queue)).result());
    expect(asked).toEqual(['0.0', '0.1', '0.2']);
  });

  it('asks once more at once where that is worth it, and makes nothing of a part that is settled', async ({
    test,
  }) => {
    const { activities, calls } = ingestionFakes({
      extractPart: sequence<Extracted>({ kind: 'again' }, { kind: 'settled' }),
    });
    await test.withActivities(activities, async (queue) => (await startIngestContent(test, queue)).result());
    expect(calls).toEqual(['prepareDocument', 'extractPart', 'extractPart', 'finishJob']);
  });

  it.for(['credential_rejected', 'quota_exhausted', 'budget_exhausted', 'no_api_key'] as const)(
    'stops at the first %s, and fails with it when nothing came of the document',
    async (code, { test }) => {
      const ends: unknown[] = [];
      const { activities, count } = ingestionFakes({
        prepareDocument: async () => prepared(20),
        async extractPart({ part }) {
          if (part === 0) throw toApplicationFailure({ code });
          return { kind: 'settled' };
        },
        async finishJob({ attempt, code: why }) {
          ends.push([attempt, why]);
          return failed(why ?? 'internal');
        },
      });
      const failure = await test.withActivities(activities, async (queue) =>
        failureOf((await startIngestContent(test, queue)).result()),
      );
      expect(failure).toMatchObject({ type: code, nonRetryable: true });
      expect(ends).toEqual([[1, code]]);
      expect(count('extractPart')).toBeLessThan(20);
    },
  );

  it('fails with the code of a document that cannot be read, and asks no model', async ({ test }) => {
    const { activities, count } = ingestionFakes({
      async prepareDocument() {
        throw toApplicationFailure({ code: 'unsupported_content' });
      },
      finishJob: async ({ code }) => failed(code ?? 'internal'),
    });
    const failure = await test.withActivities(activities, async (queue) =>
      failureOf((await startIngestContent(test, queue)).result()),
    );
    expect([failure.type, count('extractPart')]).toEqual(['unsupported_content', 0]);
  });

  it('completes with the code where something came of the document', async ({ test }) => {
    const { activities } = ingestionFakes({
      finishJob: async () => ({ ...completed, status: 'partial', code: 'answer_refused' }),
    });
    const result = await test.withActivities(activities, async (queue) =>
      (await startIngestContent(test, queue)).result(),
    );
    expect(result).toEqual({ outcome: 'partial', reason: 'answer_refused', parts: 1, articles: 2 });
  });

  it('tries a failing part once in a round, and goes on with the others', async ({ test }) => {
    const asked: number[] = [];
    const shown: unknown[] = [];
    const { activities } = ingestionFakes({
      prepareDocument: sequence<Prepared>(prepared(3), prepared(1)),
      async extractPart({ part }) {
        asked.push(part);
        const isFirst = asked.filter((before) => before === 0).length === 1;
        return part === 0 && isFirst ? { kind: 'passing', code: 'provider_timeout' } : { kind: 'extracted' };
      },
      showJobWait: async ({ code, inMs }) => void shown.push([code, inMs]),
    });
    await test.withActivities(activities, async (queue) => (await startIngestContent(test, queue)).result());
    expect(asked.toSorted()).toEqual([0, 0, 1, 2]);
    expect(shown).toEqual([['provider_timeout', 15_000]]);
  });

  it('gives up after seven rounds of failed calls, within a day', async ({ test }) => {
    const waits: number[] = [];
    const ends: unknown[] = [];
    const { activities, count } = ingestionFakes({
      extractPart: async () => ({ kind: 'passing', code: 'provider_unavailable' }),
      showJobWait: async ({ inMs }) => void waits.push(inMs),
      async finishJob({ code }) {
        ends.push(code);
        return failed(code ?? 'internal');
      },
    });
    await test.withActivities(activities, async (queue) =>
      failureOf((await startIngestContent(test, queue)).result()),
    );
    expect([count('extractPart'), ends]).toEqual([7, ['provider_unavailable']]);
    expect(waits).toEqual(waits.toSorted((left, right) => left - right));
    expect(waits.reduce((sum, wait) => sum + wait, 0)).toBeLessThan(24 * 3_600_000);
  });

  it('waits for an open breaker without using up a round, and asks about no other part meanwhile', async ({
    test,
  }) => {
    const open: Extracted = { kind: 'passing', code: 'circuit_open', retryAfterMs: 30_000 };
    const { activities, count } = ingestionFakes({
      prepareDocument: async () => prepared(4),
      extractPart: sequence<Extracted>(...Array.from({ length: 30 }, () => open), { kind: 'extracted' }),
    });
    const result = await test.withActivities(activities, async (queue) =>
      (await startIngestContent(test, queue)).result(),
    );
    expect(result.outcome).toBe('completed');
    expect(count('showJobWait')).toBeGreaterThan(7);
  });

  it.for([
    ['Vault', { prepareDocument: sequence<Prepared>(vaultAway, vaultAway, prepared(1)) }],
    ['a thread', { prepareDocument: sequence<Prepared>(busy, busy, prepared(1)) }],
    ['a slot', { extractPart: sequence<Extracted>(busy, busy, { kind: 'extracted' }) }],
    ['a slot to make articles', { makeArticles: sequence<Made>(busy, busy, { kind: 'settled' }) }],
  ] satisfies [string, Partial<Activities>][])('waits for %s', async ([, answers], { test }) => {
    const { activities, count } = ingestionFakes(answers);
    const result = await test.withActivities(activities, async (queue) =>
      (await startIngestContent(test, queue)).result(),
    );
    expect([result.outcome, count('finishJob')]).toEqual(['completed', 1]);
  });

  it('ends a wait when the job or the key has changed', async ({ test }) => {
    const { activities, count } = ingestionFakes({
      extractPart: sequence<Extracted>(
        { kind: 'passing', code: 'circuit_open', retryAfterMs: 20 * 3_600_000 },
        { kind: 'extracted' },
      ),
    });
    await test.withActivities(activities, async (queue) => {
      const handle = await startIngestContent(test, queue);
      await vi.waitFor(() => expect(count('showJobWait')).toBe(1), { timeout: 30_000 });
      await handle.signal(signals.jobChanged);
      // No time is skipped before `result`: only the signal can have ended the wait.
      await vi.waitFor(() => expect(count('finishJob')).toBe(1), { timeout: 30_000 });
      expect((await handle.result()).outcome).toBe('completed');
    });
  });

  it('finds that a job was cancelled, and makes no articles of it', async ({ test }) => {
    const { activities, calls } = ingestionFakes({
      extractPart: async () => ({ kind: 'ended' }),
      finishJob: async () => ({ ...completed, status: 'cancelled', articles: 0 }),
    });
    const result = await test.withActivities(activities, async (queue) =>
      (await startIngestContent(test, queue)).result(),
    );
    expect(result.outcome).toBe('cancelled');
    expect(calls).not.toContain('makeArticles');
  });

  it('goes on with a job that was asked for again while it ended', async ({ test }) => {
    const { activities, count } = ingestionFakes({
      finishJob: sequence<Finished>({ kind: 'changed' }, completed),
    });
    const result = await test.withActivities(activities, async (queue) =>
      (await startIngestContent(test, queue)).result(),
    );
    expect([result.outcome, count('prepareDocument'), count('finishJob')]).toEqual(['completed', 2, 2]);
  });

  it('says that a job is gone, and ends nothing else', async ({ test }) => {
    const attempts: unknown[] = [];
    const { activities } = ingestionFakes({
      prepareDocument: async () => ({ kind: 'ended' }),
      async finishJob({ attempt }) {
        attempts.push(attempt);
        return { kind: 'gone' };
      },
    });
    const result = await test.withActivities(activities, async (queue) =>
      (await startIngestContent(test, queue)).result(),
    );
    expect(result).toEqual({ outcome: 'gone' });
    // No try has this number.
    expect(attempts).toEqual([0]);
  });

  it('treats an error of ours as one that may pass, and keeps nothing of its words', async ({ test }) => {
    const { activities } = ingestionFakes({
      extractPart: sequence<Extracted>(
        ...Array.from({ length: 4 }, () => new Error('secret words of a document')),
        { kind: 'extracted' },
      ),
    });
    await test.withActivities(activities, async (queue) => {
      const handle = await startIngestContent(test, queue);
      expect((await handle.result()).outcome).toBe('completed');
      expect(JSON.stringify(await handle.fetchHistory())).not.toContain('secret words');
    });
  });
});

const failed = (code: FailureCode): Finished => ({ ...completed, status: 'failed', code, articles: 0 });

async function failureOf(result: Promise<unknown>): Promise<ApplicationFailure> {
  const error: unknown = await result.catch((thrown: unknown) => thrown);
  if (error instanceof WorkflowFailedError && error.cause instanceof ApplicationFailure) return error.cause;
  throw new Error('it did not fail as expected');
}
