import { randomUUID } from 'node:crypto';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, vi } from 'vitest';
import { toApplicationFailure } from '../../activities/failure.ts';
import type { ArticleRef, Generated } from '../../src/domain/embed-article.ts';
import { signals } from '../../src/domain/temporal-names.ts';
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

  it('gives up on an outage that outlasts a day, with the outage’s own code', async ({ test, start }) => {
    const { activities, given } = fakes({
      generateEmbedding: async () => {
        throw toApplicationFailure({ code: 'provider_timeout' });
      },
    });
    const failure = await test.withActivities(activities, async (queue) =>
      failureOf((await start(queue)).result()),
    );
    expect(failure.type).toBe('provider_timeout');
    expect(given).toEqual(['provider_timeout']);
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
      const { events } = await handle.fetchHistory();
      const waits = (events ?? []).flatMap(({ timerStartedEventAttributes: timer }) =>
        timer
          ? [Number(timer.startToFireTimeout?.seconds) + (timer.startToFireTimeout?.nanos ?? 0) / 1e9]
          : [],
      );
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
          : { kind: 'reference', key: { provider: 'embedding', model: 'm', keyVersion: 1 } },
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
});

function starter(test: WorkflowTest) {
  return (taskQueue: string, ref = article()) => startEmbedArticle(test, taskQueue, ref);
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
