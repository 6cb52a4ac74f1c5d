import { randomUUID } from 'node:crypto';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect } from 'vitest';
import { toApplicationFailure } from '../../activities/failure.ts';
import type { Activities } from '../../activities/index.ts';
import type { ClassificationStep } from '../../src/domain/classify-article.ts';
import { retryForMs } from '../../src/domain/retry-waits.ts';
import { signals, workflowTypes } from '../../src/domain/temporal-names.ts';
import { factsOfWorkflows } from '../support/fixtures.ts';
import type { WorkflowTest } from '../support/workflow-environment.ts';
import { fakes, sequence, startClassifyArticle } from '../support/workflow-fakes.ts';

const it = factsOfWorkflows();
it.beforeAll(({ test }) => void test);

const done: ClassificationStep = { kind: 'classified' };
const waits = (code: 'provider_unavailable' | 'circuit_open', retryInMs: number): ClassificationStep => ({
  ...{ kind: 'waits', code, retryInMs },
});

describe('ClassifyArticle', () => {
  it('enters the call that has classified the article', async ({ test }) => {
    const { calls, ended } = await run(test, async () => done);
    expect(ended).toEqual({ outcome: 'classified' });
    expect(calls).toEqual(['classifyArticle', 'recordUsage']);
  });

  it('completes without a key', async ({ test }) => {
    const { calls, ended } = await run(test, async () => ({ kind: 'no_api_key' }));
    expect(ended).toEqual({ outcome: 'skipped', reason: 'no_api_key' });
    expect(calls).toEqual(['classifyArticle']);
  });

  it('completes where there is nothing to classify', async ({ test }) => {
    const { ended } = await run(test, async () => ({ kind: 'gone' }));
    expect(ended).toEqual({ outcome: 'gone' });
  });

  it('asks at once again where a key was changed during the step', async ({ test }) => {
    const { calls, waitsMs } = await run(test, sequence<ClassificationStep>({ kind: 'changed' }, done));
    expect(calls).toEqual(['classifyArticle', 'classifyArticle', 'recordUsage']);
    expect(waitsMs).toEqual([]);
  });

  it('waits longer for a slot each time, and enters nothing', async ({ test }) => {
    const busy: ClassificationStep = { kind: 'busy', retryInMs: 1_000 };
    const { calls, waitsMs } = await run(test, sequence<ClassificationStep>(busy, busy, done));
    expect(waitsMs).toEqual([1_000, 1_500]);
    expect(calls.filter((call) => call === 'recordUsage')).toHaveLength(1);
  });

  it('waits as long as the step says, and for half a second at least', async ({ test }) => {
    const step = sequence<ClassificationStep>(
      waits('provider_unavailable', 2_000),
      waits('circuit_open', 0),
      done,
    );
    expect((await run(test, step)).waitsMs).toEqual([2_000, 500]);
  });

  it('enters each call that was made, and none that was not', async ({ test }) => {
    const step = sequence<ClassificationStep>(
      waits('provider_unavailable', 2_000),
      { kind: 'waits', code: 'circuit_open', retryInMs: 1_000, called: false },
      done,
    );
    const { calls } = await run(test, step);
    const call = 'classifyArticle';
    expect(calls).toEqual([call, 'recordUsage', call, call, 'recordUsage']);
  });

  it('tells the step how many calls have failed before it', async ({ test }) => {
    const tries: (number | undefined)[] = [];
    const step = sequence<ClassificationStep>(waits('provider_unavailable', 2_000), done);
    await run(test, (input) => {
      tries.push(input.tries);
      return step();
    });
    expect(tries).toEqual([0, 1]);
  });

  it('fails with the code of a failure for good, after it has shown it', async ({ test }) => {
    const { calls, given, ended } = await run(test, async () => {
      throw toApplicationFailure({ code: 'credential_rejected' });
    });
    expect(ended).toBe('credential_rejected');
    expect(given).toEqual(['credential_rejected']);
    expect(calls).toEqual(['classifyArticle', 'recordUsage', 'giveUpClassification']);
  });

  it('keeps nothing of the words of an error', async ({ test }) => {
    const { ended, history } = await run(
      test,
      sequence<ClassificationStep>(new Error('words-of-a-stranger'), done),
    );
    expect(ended).toEqual({ outcome: 'classified' });
    expect(history).not.toContain('words-of-a-stranger');
  });

  it('is woken from a wait by a signal', async ({ test }) => {
    const { activities, calls } = fakes({
      classifyArticle: sequence<ClassificationStep>(waits('provider_unavailable', retryForMs / 2), done),
    });
    await test.withActivities(activities, async (queue) => {
      const handle = await startClassifyArticle(test, queue, newRef());
      await expect.poll(() => calls.includes('recordUsage'), { timeout: 20_000 }).toBe(true);
      await handle.signal(signals.jobChanged);
      await handle.result();
      const { events } = await handle.fetchHistory();
      expect((events ?? []).filter((event) => event.timerFiredEventAttributes)).toEqual([]);
    });
  });

  it('gives up after a day of waiting', async ({ test }) => {
    const { activities, given } = fakes({
      classifyArticle: async () => waits('provider_unavailable', 300_000),
    });
    await test.withActivities(activities, async (queue) => {
      const sinceMs = (await test.env.currentTimeMs()) - retryForMs + 60_000;
      const handle = await test.env.client.workflow.start(workflowTypes.classifyArticle, {
        taskQueue: queue,
        workflowId: `given-up-${randomUUID()}`,
        args: [newRef(), { tries: 9, sinceMs }],
      });
      expect(await endOf(handle.result())).toBe('provider_unavailable');
    });
    expect(given).toEqual(['provider_unavailable']);
  });
});

const newRef = () => ({ tenantId: randomUUID(), articleId: randomUUID() });

/** Runs the workflow to its end: what it called, its timers, and its result or the code of its failure. */
async function run(test: WorkflowTest, classifyArticle: Activities['classifyArticle']) {
  const { activities, calls, given } = fakes({ classifyArticle });
  return test.withActivities(activities, async (queue) => {
    const handle = await startClassifyArticle(test, queue, newRef());
    const ended = await endOf(handle.result());
    const history = await handle.fetchHistory();
    const waitsMs = (history.events ?? []).flatMap(({ timerStartedEventAttributes: timer }) =>
      timer
        ? [
            Number(timer.startToFireTimeout?.seconds ?? 0) * 1_000 +
              (timer.startToFireTimeout?.nanos ?? 0) / 1e6,
          ]
        : [],
    );
    return { calls, given, ended, waitsMs, history: JSON.stringify(history) };
  });
}

/** The result of a run, or the type of its failure. */
async function endOf(result: Promise<unknown>): Promise<unknown> {
  try {
    return await result;
  } catch (error) {
    if (error instanceof WorkflowFailedError && error.cause instanceof ApplicationFailure)
      return error.cause.type;
    throw error;
  }
}
