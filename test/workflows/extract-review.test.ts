import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, vi } from 'vitest';
import { toApplicationFailure } from '../../activities/failure.ts';
import type { Activities } from '../../activities/index.ts';
import type {
  ExtractedPassage,
  ExtractReviewResult,
  PreparedReview,
} from '../../src/domain/extract-review.ts';
import { signals } from '../../src/domain/temporal-names.ts';
import { factsOfWorkflows } from '../support/fixtures.ts';
import { reviewFakes, startExtractReview } from '../support/review-fakes.ts';
import type { WorkflowTest } from '../support/workflow-environment.ts';
import { sequence } from '../support/workflow-fakes.ts';

const it = factsOfWorkflows();
it.beforeAll(({ test }) => void test);

const answered: ExtractedPassage = { kind: 'answered', articles: 1 };
const cut: ExtractedPassage = { kind: 'unusable', code: 'answer_cut' };
const refused: ExtractedPassage = { kind: 'unusable', code: 'answer_refused' };
const ready = async (): Promise<PreparedReview> => ({ kind: 'ready', passages: [0, 2] });

describe('ExtractReview', () => {
  it('buys and drafts the passages that are left one after the other, and then ends the review', async ({
    test,
  }) => {
    const { calls, result } = await run(test, { prepareReview: ready });
    expect(calls).toEqual([
      'prepareReview',
      'extractReviewPassage 0.0',
      'draftReviewArticles 0.0',
      'extractReviewPassage 2.0',
      'draftReviewArticles 2.0',
      'finishReview',
    ]);
    expect(result).toEqual({ outcome: 'completed', passages: 1, articles: 1 });
  });

  it.for([
    [{ kind: 'gone' }, { outcome: 'gone' }],
    [{ kind: 'no_api_key' }, { outcome: 'skipped', reason: 'no_api_key' }],
    [{ kind: 'ended', result: { outcome: 'completed' } }, { outcome: 'completed' }],
  ] as const)('pays nothing when the review is %o', async ([prepared, expected], { test }) => {
    const { calls, result } = await run(test, { prepareReview: async () => prepared });
    expect(result).toEqual(expected);
    expect(calls).toEqual(['prepareReview']);
  });

  it('asks for the halves of a passage whose answer was cut off, once', async ({ test }) => {
    const { calls } = await run(test, {
      extractReviewPassage: sequence<ExtractedPassage>(cut, answered, answered),
    });
    expect(calls).toEqual([
      'prepareReview',
      'extractReviewPassage 0.0',
      'extractReviewPassage 0.1',
      'draftReviewArticles 0.1',
      'extractReviewPassage 0.2',
      'draftReviewArticles 0.2',
      'finishReview',
    ]);
  });

  it.for([
    [[cut, answered, answered], [false, true], undefined],
    [[cut, refused, answered], [false], 'answer_refused'],
    [[cut, cut, cut], [], 'answer_cut'],
  ] as const)(
    'takes a passage for done only with both of its halves: %o',
    async ([answers, last, code], { test }) => {
      const seen: boolean[] = [];
      const codes: unknown[] = [];
      await run(test, {
        extractReviewPassage: sequence<ExtractedPassage>(...answers),
        draftReviewArticles: async ({ isLast }) => {
          seen.push(isLast);
          return { kind: 'drafted' };
        },
        finishReview: async ({ code: given }) => {
          codes.push(given);
          return { outcome: 'partial' };
        },
      });
      expect(seen).toEqual(last);
      expect(codes).toEqual([code]);
    },
  );

  it('goes on after a passage that cannot be used, and hands its code to the end', async ({ test }) => {
    const partial: ExtractReviewResult = { outcome: 'partial', reason: 'answer_refused' };
    const finishReview = vi.fn(async () => partial);
    const { calls, result } = await run(test, {
      prepareReview: ready,
      extractReviewPassage: sequence<ExtractedPassage>(refused, answered),
      finishReview,
    });
    expect(calls).toContain('draftReviewArticles 2.0');
    expect(finishReview).toHaveBeenCalledWith(expect.objectContaining({ code: 'answer_refused' }));
    expect(result).toEqual(partial);
  });

  it('asks a second time for an answer of another shape, no third time, and goes on', async ({ test }) => {
    const { calls, failure } = await run(test, {
      prepareReview: ready,
      extractReviewPassage: async ({ part }) => {
        if (part === 0) throw toApplicationFailure({ code: 'malformed_response' });
        return answered;
      },
    });
    expect(calls).toEqual([
      'prepareReview',
      'extractReviewPassage 0.0',
      'extractReviewPassage 0.0',
      'extractReviewPassage 2.0',
      'draftReviewArticles 2.0',
      'finishReview',
    ]);
    expect(failure).toMatchObject({ type: 'malformed_response', nonRetryable: true });
  });

  it.for(['credential_rejected', 'quota_exhausted', 'budget_exhausted'] as const)(
    'ends at the first %s, with the code as the type of the failure',
    async (code, { test }) => {
      const { calls, failure } = await run(test, {
        prepareReview: ready,
        extractReviewPassage: async () => {
          throw toApplicationFailure({ code });
        },
      });
      expect(failure).toMatchObject({ type: code, nonRetryable: true });
      expect(calls).toEqual(['prepareReview', 'extractReviewPassage 0.0', 'finishReview']);
    },
  );

  it('completes without a call once its key was removed in between', async ({ test }) => {
    const { result } = await run(test, {
      prepareReview: sequence<PreparedReview>({ kind: 'ready', passages: [0] }, { kind: 'no_api_key' }),
      extractReviewPassage: async () => {
        throw toApplicationFailure({ code: 'no_api_key' });
      },
    });
    expect(result).toEqual({ outcome: 'skipped', reason: 'no_api_key' });
  });

  it('waits for a provider, for Vault and for a slot as long as they say', async ({ test }) => {
    const { waitsMs, result } = await run(test, {
      prepareReview: sequence<PreparedReview>(
        { kind: 'waits', code: 'vault_unavailable', retryInMs: 30_000 },
        { kind: 'ready', passages: [0] },
      ),
      extractReviewPassage: sequence<ExtractedPassage>(
        { kind: 'busy', retryInMs: 1_000 },
        { kind: 'claimed', retryInMs: 1_000 },
        { kind: 'waits', code: 'circuit_open', retryInMs: 7_000 },
        answered,
      ),
    });
    expect(waitsMs).toEqual([30_000, 1_000, 1_500, 7_000]);
    expect(result?.outcome).toBe('completed');
  });

  it.for([
    ['provider_timeout', 60_000, 7],
    ['provider_timeout', 8 * 3_600_000, 4],
    ['internal', 8 * 3_600_000, 4],
  ] as const)(
    'gives up after seven calls that may be billed, or after a day: %s every %i ms',
    async ([code, retryInMs, times], { test }) => {
      const { failure, calls } = await run(test, {
        extractReviewPassage: async () => ({ kind: 'waits', code, retryInMs }),
      });
      expect(failure).toMatchObject({ type: code });
      expect(calls.filter((call) => call.startsWith('extractReviewPassage'))).toHaveLength(times);
    },
  );

  it('waits for a breaker more often than that, since no call is made', async ({ test }) => {
    const open: ExtractedPassage = { kind: 'waits', code: 'circuit_open', retryInMs: 30_000 };
    const { result } = await run(test, {
      extractReviewPassage: sequence<ExtractedPassage>(...Array.from({ length: 9 }, () => open), answered),
    });
    expect(result?.outcome).toBe('completed');
  });

  it('ends a wait by a signal', async ({ test }) => {
    const { activities, calls } = reviewFakes({
      extractReviewPassage: sequence<ExtractedPassage>(
        { kind: 'waits', code: 'provider_rate_limited', retryInMs: 300_000 },
        answered,
      ),
    });
    await test.withActivities(activities, async (queue) => {
      const handle = await startExtractReview(test, queue);
      await vi.waitFor(() => expect(calls).toContain('extractReviewPassage 0.0'), { timeout: 20_000 });
      await handle.signal(signals.jobChanged);
      expect((await handle.result()).outcome).toBe('completed');
      const { events } = await handle.fetchHistory();
      expect(events?.filter((event) => event.timerFiredEventAttributes)).toEqual([]);
    });
  });

  it('begins again where a signal comes while it is ending', async ({ test }) => {
    const ends: (() => void)[] = [];
    const { activities, calls } = reviewFakes({
      extractReviewPassage: sequence<ExtractedPassage>(
        toApplicationFailure({ code: 'credential_rejected' }),
        answered,
      ),
      finishReview: async ({ code }) => {
        if (code === undefined) return { outcome: 'completed' };
        await new Promise<void>((resolve) => ends.push(resolve));
        return { outcome: 'blocked', reason: code };
      },
    });
    await test.withActivities(activities, async (queue) => {
      const handle = await startExtractReview(test, queue);
      await vi.waitFor(() => expect(ends).toHaveLength(1), { timeout: 20_000 });
      await handle.signal(signals.jobChanged);
      ends[0]?.();
      expect(await handle.result()).toEqual({ outcome: 'completed' });
      expect(calls.filter((call) => call === 'prepareReview')).toHaveLength(2);
    });
  });
});

/** Runs the workflow of a new review to its end: the activities that it called, its timers, and how it ended. */
async function run(test: WorkflowTest, replaced: Partial<Activities>) {
  const { activities, calls } = reviewFakes(replaced);
  return test.withActivities(activities, async (queue) => {
    const handle = await startExtractReview(test, queue);
    let result: ExtractReviewResult | undefined;
    let failure: ApplicationFailure | undefined;
    try {
      result = await handle.result();
    } catch (error) {
      if (!(error instanceof WorkflowFailedError) || !(error.cause instanceof ApplicationFailure))
        throw error;
      failure = error.cause;
    }
    const { events } = await handle.fetchHistory();
    const waitsMs = (events ?? []).flatMap(({ timerStartedEventAttributes: timer }) =>
      timer
        ? [
            Number(timer.startToFireTimeout?.seconds ?? 0) * 1_000 +
              (timer.startToFireTimeout?.nanos ?? 0) / 1e6,
          ]
        : [],
    );
    return { calls, result, failure, waitsMs };
  });
}
