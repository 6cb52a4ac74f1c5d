import { randomUUID } from 'node:crypto';
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, vi } from 'vitest';
import { toApplicationFailure } from '../../activities/failure.ts';
import type { ArticleRef, Generated, ResolvedKey } from '../../src/domain/embed-article.ts';
import type { FailureCode } from '../../src/domain/failures.ts';
import { retryForMs, retryWaitMs } from '../../src/domain/retry-waits.ts';
import { signals, workflowTypes } from '../../src/domain/temporal-names.ts';
import { factsOfWorkflows } from '../support/fixtures.ts';
import type { WorkflowTest } from '../support/workflow-environment.ts';
import { fakes, sequence, startEmbedArticle } from '../support/workflow-fakes.ts';

const it = factsOfWorkflows().extend('start', { scope: 'file' }, ({ test }) => starter(test));
it.beforeAll(({ test }) => void test);

describe('EmbedArticle', () => {
  it('runs the four steps in their order and returns what it did', async ({ test, start }) => {
    const { activities, calls } = fakes();
    const result = await test.withActivities(activities, async (queue) => (await start(queue)).result());
    expect(calls).toEqual(['resolveEmbeddingKey', 'checkContentHash', 'generateEmbedding', 'recordUsage']);
    expect(result).toEqual({ outcome: 'embedded', model: 'm', chunks: 1, input_tokens: 5 });
  });

  it('completes without a call for a tenant that has no key', async ({ test, start }) => {
    const { activities, calls } = fakes({ resolveEmbeddingKey: async () => ({ kind: 'no_api_key' }) });
    const result = await test.withActivities(activities, async (queue) => (await start(queue)).result());
    expect(result).toEqual({ outcome: 'skipped', reason: 'no_api_key' });
    expect(calls).toEqual(['resolveEmbeddingKey']);
  });

  it.for([
    [{ kind: 'gone' }, { outcome: 'gone' }],
    [{ kind: 'not_published' }, { outcome: 'skipped', reason: 'not_published' }],
    [
      { kind: 'unchanged', chunks: 3 },
      { outcome: 'unchanged', model: 'm', chunks: 3 },
    ],
  ] as const)('pays nothing when the check says %o', async ([check, expected], { test, start }) => {
    const { activities, count } = fakes({ checkContentHash: async () => check });
    const result = await test.withActivities(activities, async (queue) => (await start(queue)).result());
    expect(result).toEqual(expected);
    expect(count('generateEmbedding')).toBe(0);
  });

  it('buys batch after batch, with a ledger step for each', async ({ test, start }) => {
    const { activities, count } = fakes({
      generateEmbedding: sequence<Generated>(
        { kind: 'more', missingChunks: 4, inputTokens: 10 },
        { kind: 'more', missingChunks: 2, inputTokens: 10 },
        { kind: 'embedded', chunks: 6, inputTokens: 7 },
      ),
    });
    const result = await test.withActivities(activities, async (queue) => (await start(queue)).result());
    expect(result).toMatchObject({ chunks: 6, input_tokens: 27 });
    expect(count('recordUsage')).toBe(3);
  });

  it('retries an outage until it is over', async ({ test, start }) => {
    const outage = toApplicationFailure({ code: 'provider_unavailable' });
    const { activities, count } = fakes({
      generateEmbedding: sequence<Generated>(outage, outage, outage, {
        kind: 'embedded',
        chunks: 1,
        inputTokens: 5,
      }),
    });
    const result = await test.withActivities(activities, async (queue) => (await start(queue)).result());
    expect(result.outcome).toBe('embedded');
    expect(count('generateEmbedding')).toBe(4);
  });

  it.for(['credential_rejected', 'quota_exhausted', 'model_not_found', 'input_rejected'] as const)(
    'fails at the first %s, non-retryable, with the code as its type',
    async (code, { test, start }) => {
      const { activities, count, given } = fakes({
        generateEmbedding: async () => {
          throw toApplicationFailure({ code });
        },
      });
      const failure = await test.withActivities(activities, async (queue) =>
        failureOf((await start(queue)).result()),
      );
      expect(failure).toMatchObject({ type: code, nonRetryable: true });
      expect(count('generateEmbedding')).toBe(1);
      expect(given).toEqual([code]);
    },
  );

  it('calls anything that is thrown `internal`, and keeps nothing of its words', async ({ test, start }) => {
    const { activities } = fakes({
      resolveEmbeddingKey: async () => {
        throw toApplicationFailure({ code: 'key_unusable' });
      },
      generateEmbedding: async () => {
        throw new Error('sk-secret-in-a-message');
      },
    });
    const failure = await test.withActivities(activities, async (queue) =>
      failureOf((await start(queue)).result()),
    );
    expect(failure.type).toBe('key_unusable');

    const leaky = fakes({
      generateEmbedding: sequence<Generated>(new Error('sk-secret-in-a-message'), {
        kind: 'embedded',
        chunks: 1,
        inputTokens: 1,
      }),
    });
    await test.withActivities(leaky.activities, async (queue) => {
      const handle = await start(queue);
      await handle.result();
      expect(JSON.stringify(await handle.fetchHistory())).not.toContain('sk-secret');
    });
  });

  it('waits for an open breaker without using up an attempt, then begins again with the key', async ({
    test,
    start,
  }) => {
    const { activities, calls } = fakes({
      generateEmbedding: sequence<Generated>(
        { kind: 'waits', code: 'circuit_open', retryInMs: 3_600_000 },
        { kind: 'waits', code: 'circuit_open', retryInMs: 3_600_000 },
        { kind: 'embedded', chunks: 1, inputTokens: 5 },
      ),
    });
    const result = await test.withActivities(activities, async (queue) => (await start(queue)).result());
    expect(result.outcome).toBe('embedded');
    expect(calls.slice(0, 6)).toEqual([
      'resolveEmbeddingKey',
      'checkContentHash',
      'generateEmbedding',
      'resolveEmbeddingKey',
      'checkContentHash',
      'generateEmbedding',
    ]);
  });

  it('ends the wait for the breaker when the tenant’s key changes', async ({ test, start }) => {
    const { activities, count } = fakes({
      generateEmbedding: sequence<Generated>(
        { kind: 'waits', code: 'circuit_open', retryInMs: 365 * 24 * 3_600_000 },
        { kind: 'embedded', chunks: 1, inputTokens: 5 },
      ),
    });
    await test.withActivities(activities, async (queue) => {
      const handle = await start(queue);
      const events = async () => (await handle.fetchHistory()).events ?? [];
      const wait = { timeout: 30_000 };
      const breakerTimer = await vi.waitFor(async () => {
        const [started] = (await events()).filter((event) => event.timerStartedEventAttributes);
        if (!started) throw new Error('it does not wait yet');
        return started.timerStartedEventAttributes?.timerId;
      }, wait);
      await handle.signal(signals.keyChanged);
      // No time is skipped before `result`: only the signal can have ended the wait.
      await vi.waitFor(() => expect(count('generateEmbedding')).toBe(2), wait);
      expect((await handle.result()).outcome).toBe('embedded');
      const fired = (await events()).flatMap(({ timerFiredEventAttributes }) =>
        timerFiredEventAttributes ? [timerFiredEventAttributes.timerId] : [],
      );
      expect(fired).not.toContain(breakerTimer);
    });
  });

  it('waits for a slot on timers that grow to ten seconds, and uses up no attempt', async ({
    test,
    start,
  }) => {
    const busy: Generated = { kind: 'busy', retryInMs: 1_000 };
    const { activities, count } = fakes({
      generateEmbedding: sequence<Generated>(...Array.from({ length: 9 }, () => busy), {
        kind: 'embedded',
        chunks: 1,
        inputTokens: 5,
      }),
    });
    await test.withActivities(activities, async (queue) => {
      const handle = await start(queue);
      expect((await handle.result()).outcome).toBe('embedded');
      const waits = await timersOf(handle);
      expect(waits.slice(0, 3)).toEqual([1, 1.5, 2.25]);
      expect(Math.max(...waits)).toBe(10);
      expect(waits).toHaveLength(9);
    });
    // The key and the text are as they were: only the call is tried again.
    expect([count('resolveEmbeddingKey'), count('checkContentHash')]).toEqual([1, 1]);
  });

  it('ends the wait for a slot when the article changes', async ({ test, start }) => {
    const ref = article();
    const { activities, count } = fakes({
      generateEmbedding: sequence<Generated>(
        { kind: 'busy', retryInMs: 1_000 },
        { kind: 'embedded', chunks: 1, inputTokens: 5 },
      ),
    });
    await test.withActivities(activities, async (queue) => {
      const handle = await start(queue, ref);
      const wait = { timeout: 30_000 };
      const events = async () => (await handle.fetchHistory()).events ?? [];
      await vi.waitUntil(
        async () => (await events()).some((event) => event.timerStartedEventAttributes),
        wait,
      );
      await start(queue, ref);
      expect((await handle.result()).outcome).toBe('embedded');
      expect((await events()).some((event) => event.timerCanceledEventAttributes)).toBe(true);
    });
    // The new text is looked at from the beginning.
    expect(count('checkContentHash')).toBe(2);
  });

  it('goes once more when the text has changed under the call', async ({ test, start }) => {
    const { activities, count } = fakes({
      generateEmbedding: sequence<Generated>(
        { kind: 'changed' },
        { kind: 'embedded', chunks: 1, inputTokens: 5 },
      ),
    });
    const result = await test.withActivities(activities, async (queue) => (await start(queue)).result());
    expect(result.outcome).toBe('embedded');
    expect(count('resolveEmbeddingKey')).toBe(2);
  });

  it('takes a hundred edits during the first pass together', async ({ test, start }) => {
    const ref = article();
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let first = true;
    const { activities, count } = fakes({
      generateEmbedding: async () => {
        if (first) {
          first = false;
          await held;
        }
        return { kind: 'embedded', chunks: 1, inputTokens: 5 };
      },
    });
    await test.withActivities(activities, async (queue) => {
      const handle = await start(queue, ref);
      for (let edit = 0; edit < 100; edit += 1) await start(queue, ref);
      release();
      await handle.result();
    });
    expect(count('generateEmbedding')).toBe(2);
  });

  it('completes, and does not fail, when the key is removed between two tries', async ({ test, start }) => {
    let removed = false;
    const { activities, given } = fakes({
      resolveEmbeddingKey: async () =>
        removed
          ? { kind: 'no_api_key' }
          : { kind: 'reference', key: { provider: 'embedding', model: 'm', keyVersion: 1, targetId: 't' } },
      generateEmbedding: async () => {
        removed = true;
        throw toApplicationFailure({ code: 'no_api_key' });
      },
    });
    const result = await test.withActivities(activities, async (queue) => (await start(queue)).result());
    expect(result).toEqual({ outcome: 'skipped', reason: 'no_api_key' });
    expect(given).toEqual([]);
  });

  it('does not fail for a text that is edited while it gives up', async ({ test, start }) => {
    const ref = article();
    let tries = 0;
    let givingUp = 0;
    const { activities } = fakes({
      generateEmbedding: async () => {
        tries += 1;
        if (tries === 1) throw toApplicationFailure({ code: 'input_rejected' });
        return { kind: 'embedded', chunks: 1, inputTokens: 5 };
      },
      // Long enough to be retried by a timer of the server: the edit is then in the history before it gives up.
      giveUp: async () => {
        givingUp += 1;
        if (givingUp === 1) await start('unused', ref);
        if (givingUp < 6) throw toApplicationFailure({ code: 'internal' });
      },
    });
    const result = await test.withActivities(activities, async (queue) => (await start(queue, ref)).result());
    expect(result.outcome).toBe('embedded');
    expect(tries).toBe(2);
  });

  it('does not fail for a text that has been edited since', async ({ test, start }) => {
    const ref = article();
    let tries = 0;
    const { activities, given } = fakes({
      generateEmbedding: async () => {
        tries += 1;
        if (tries > 1) return { kind: 'embedded', chunks: 1, inputTokens: 5 };
        await start('unused', ref);
        throw toApplicationFailure({ code: 'input_rejected' });
      },
    });
    const result = await test.withActivities(activities, async (queue) => (await start(queue, ref)).result());
    expect(result.outcome).toBe('embedded');
    expect(given).toEqual([]);
  });
});

describe('a failure that is retried', () => {
  it('is waited for on timers that double from two seconds to five minutes', async ({ test, start }) => {
    const outage = outageOf('provider_unavailable', 9);
    const { activities } = fakes({ generateEmbedding: outage.generate });
    await test.withActivities(activities, async (queue) => {
      const handle = await start(queue);
      expect((await handle.result()).outcome).toBe('embedded');
      expect(await timersOf(handle)).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 300]);
    });
    expect(outage.tries).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('begins with the short waits again once a batch is bought', async ({ test, start }) => {
    const waits = (retryInMs: number): Generated => ({ kind: 'waits', code: 'provider_timeout', retryInMs });
    const tries: (number | undefined)[] = [];
    const answers = sequence<Generated>(
      waits(2_000),
      waits(4_000),
      { kind: 'more', missingChunks: 1, inputTokens: 1 },
      waits(2_000),
      { kind: 'embedded', chunks: 2, inputTokens: 1 },
    );
    const { activities } = fakes({
      generateEmbedding: async (input) => {
        tries.push(input.tries);
        return answers();
      },
    });
    await test.withActivities(activities, async (queue) => (await start(queue)).result());
    expect(tries).toEqual([0, 1, 2, 0, 1]);
  });

  it('is no try where no call was made, and is not looked at all the time while others are faster', async ({
    test,
    start,
  }) => {
    const tries: (number | undefined)[] = [];
    const refused: Generated = { kind: 'waits', code: 'provider_rate_limited', retryInMs: 1, called: false };
    const answers = sequence<Generated>(...Array.from({ length: 10 }, () => refused), {
      ...{ kind: 'embedded', chunks: 1, inputTokens: 1 },
    });
    const { activities } = fakes({
      generateEmbedding: async (input) => {
        tries.push(input.tries);
        return answers();
      },
    });
    await test.withActivities(activities, async (queue) => {
      const handle = await start(queue);
      expect((await handle.result()).outcome).toBe('embedded');
      const timers = await timersOf(handle);
      expect(timers.map((seconds) => Math.round(seconds))).toEqual([1, 1, 2, 3, 4, 6, 9, 10, 10, 10]);
    });
    expect(tries).toEqual(tries.map(() => 0));
  });

  it.for([signals.keyChanged, signals.articleChanged])(
    'is tried at once, and as if for the first time, when %s comes',
    async (signal, { test, start }) => {
      const tries: (number | undefined)[] = [];
      const { activities } = fakes({
        generateEmbedding: async (input) => {
          tries.push(input.tries);
          return tries.length < 2
            ? { kind: 'waits', code: 'provider_rate_limited', retryInMs: 300_000 }
            : { kind: 'embedded', chunks: 1, inputTokens: 5 };
        },
      });
      await test.withActivities(activities, async (queue) => {
        const handle = await start(queue);
        await vi.waitUntil(async () => (await timersOf(handle)).includes(300), { timeout: 30_000 });
        await handle.signal(signal);
        // No time is skipped before `result`: only the signal can have ended the wait.
        await vi.waitFor(() => expect(tries).toEqual([0, 0]), { timeout: 30_000 });
        expect((await handle.result()).outcome).toBe('embedded');
      });
    },
  );

  it('is waited for outside of the step that asks Vault, too', async ({ test, start }) => {
    const { activities, count } = fakes({
      resolveEmbeddingKey: sequence<ResolvedKey>(
        { kind: 'waits', code: 'vault_unavailable', retryInMs: 30_000 },
        { kind: 'reference', key: { provider: 'embedding', model: 'm', keyVersion: 1, targetId: 't' } },
      ),
    });
    await test.withActivities(activities, async (queue) => {
      const handle = await start(queue);
      expect((await handle.result()).outcome).toBe('embedded');
      expect(await timersOf(handle)).toEqual([30]);
    });
    expect(count('checkContentHash')).toBe(1);
  });

  it('of a step that throws each time is waited for by the workflow from ten seconds on', async ({
    test,
    start,
  }) => {
    let thrown = 0;
    const { activities } = fakes({
      generateEmbedding: async () => {
        thrown += 1;
        if (thrown <= 9) throw toApplicationFailure({ code: 'internal' });
        return { kind: 'embedded', chunks: 1, inputTokens: 5 };
      },
    });
    await test.withActivities(activities, async (queue) => {
      const handle = await start(queue);
      expect((await handle.result()).outcome).toBe('embedded');
      expect(await timersOf(handle)).toEqual([2, 4]);
    });
    expect(thrown).toBe(10);
  });

  it('is given up after a day, with its own code and some 300 tries', async ({ test, start }) => {
    const outage = outageOf('provider_timeout');
    const { activities, given } = fakes({ generateEmbedding: outage.generate });
    const failure = await test.withActivities(activities, async (queue) =>
      failureOf((await start(queue)).result()),
    );
    expect(failure.type).toBe('provider_timeout');
    expect(given).toEqual(['provider_timeout']);
    expect(outage.tries.length).toBeGreaterThan(285);
    expect(outage.tries.length).toBeLessThan(300);
  });

  it('keeps its tries and its day in the run that continues it', async ({ test }) => {
    const outage = outageOf('provider_timeout');
    const { activities } = fakes({ generateEmbedding: outage.generate });
    const failure = await test.withActivities(activities, async (queue) => {
      const now = await test.env.currentTimeMs();
      const handle = await test.env.client.workflow.start(workflowTypes.embedArticle, {
        taskQueue: queue,
        workflowId: `continued-${randomUUID()}`,
        args: [article(), { tries: 7, sinceMs: now - retryForMs + 400_000 }],
      });
      return failureOf(handle.result());
    });
    expect(failure.type).toBe('provider_timeout');
    // 256 s and 300 s: the second wait ends after the day.
    expect(outage.tries).toEqual([7, 8, 9]);
  });
});

describe('a breaker that stays open', () => {
  it('is waited for a day and no longer, with an attempt at each half-open', async ({ test, start }) => {
    const { activities, given, count } = fakes({
      generateEmbedding: async () => ({ kind: 'waits', code: 'circuit_open', retryInMs: 2 * 3_600_000 }),
    });
    const failure = await test.withActivities(activities, async (queue) =>
      failureOf((await start(queue)).result()),
    );
    expect(failure.type).toBe('circuit_open');
    expect(given).toEqual(['circuit_open']);
    expect(count('generateEmbedding')).toBeGreaterThanOrEqual(12);
    expect(count('generateEmbedding')).toBeLessThanOrEqual(14);
  });
});

describe('a provider that answers nonsense', () => {
  it('is asked once more and then given up, for each answer is paid for', async ({ test, start }) => {
    const { activities, given, count } = fakes({
      generateEmbedding: async () => {
        throw toApplicationFailure({ code: 'malformed_response' });
      },
    });
    const failure = await test.withActivities(activities, async (queue) =>
      failureOf((await start(queue)).result()),
    );
    expect(failure.type).toBe('malformed_response');
    expect(count('generateEmbedding')).toBe(2);
    expect(given).toEqual(['malformed_response']);
  });

  it.for([
    ['is not asked again for a signal that changes nothing', 'h', 2],
    ['is asked again for another text', 'another', 4],
  ] as const)('%s', async ([, contentHash, calls], { test, start }) => {
    const ref = article();
    let checks = 0;
    const { activities, given, count } = fakes({
      checkContentHash: async () => {
        checks += 1;
        return { kind: 'missing', contentHash: checks === 1 ? 'h' : contentHash, missingChunks: 1 };
      },
      generateEmbedding: async () => {
        // It lands under the first call and under the second.
        if (count('generateEmbedding') <= 2) await start(activitiesQueue, ref);
        throw toApplicationFailure({ code: 'malformed_response' });
      },
    });
    let activitiesQueue = '';
    const failure = await test.withActivities(activities, async (queue) => {
      activitiesQueue = queue;
      return failureOf((await start(queue, ref)).result());
    });
    expect(failure.type).toBe('malformed_response');
    expect(count('generateEmbedding')).toBe(calls);
    expect(given).toEqual(['malformed_response']);
  });
});

function starter(test: WorkflowTest) {
  return (taskQueue: string, ref = article()) => startEmbedArticle(test, taskQueue, ref);
}

/** A provider that fails so many times, or for ever. `tries` has what each call was told of those before it. */
function outageOf(code: FailureCode, times = Number.POSITIVE_INFINITY) {
  const tries: number[] = [];
  return {
    tries,
    async generate({ tries: before = -1 }: { readonly tries?: number }): Promise<Generated> {
      tries.push(before);
      return tries.length > times
        ? { kind: 'embedded', chunks: 1, inputTokens: 5 }
        : { kind: 'waits', code, retryInMs: retryWaitMs({ code }, before) ?? 0 };
    },
  };
}

/** The timers of a run, in seconds, in their order. */
async function timersOf(handle: Pick<WorkflowHandle, 'fetchHistory'>): Promise<number[]> {
  const { events } = await handle.fetchHistory();
  return (events ?? []).flatMap(({ timerStartedEventAttributes: timer }) =>
    timer ? [Number(timer.startToFireTimeout?.seconds) + (timer.startToFireTimeout?.nanos ?? 0) / 1e9] : [],
  );
}

const article = (): ArticleRef => ({ tenantId: randomUUID(), articleId: randomUUID() });

async function failureOf(result: Promise<unknown>): Promise<ApplicationFailure> {
  const thrown: unknown = await result.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown instanceof WorkflowFailedError && thrown.cause instanceof ApplicationFailure)
    return thrown.cause;
  throw new Error('the run did not fail with an ApplicationFailure', { cause: thrown });
}
