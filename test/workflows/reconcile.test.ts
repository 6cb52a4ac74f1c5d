import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import type { Activities } from '../../activities/index.ts';
import { workflowTypes } from '../../src/domain/temporal-names.ts';
import { factsOfWorkflows } from '../support/fixtures.ts';
import type { WorkflowTest } from '../support/workflow-environment.ts';

const it = factsOfWorkflows();
it.beforeAll(({ test }) => void test);

describe('Reconcile', () => {
  it('sends what the outbox holds first, then looks for stuck articles, and deletes what has expired last', async ({
    test,
  }) => {
    const { result, calls } = await reconcile(test, () => ({ sent: 3, failed: 0, more: false }), 2);
    expect(calls).toEqual([
      ...['relayOutbox', 'requeueForgotten', 'closeAbandonedCalls', 'rewriteWords', 'deleteExpired'],
    ]);
    expect(result).toEqual({ abandoned: 1, requeued: 2, sent: 3, failed: 0, rewritten: 3, expired: 7 });
  });

  it('goes on while there is more, and adds up', async ({ test }) => {
    const { result, calls } = await reconcile(test, (batch) => ({ sent: 98, failed: 2, more: batch < 3 }));
    expect(calls).toHaveLength(7);
    expect(result).toEqual({ abandoned: 1, requeued: 0, sent: 294, failed: 6, rewritten: 3, expired: 7 });
  });

  it('stops after twenty batches: the rest is the next run’s', async ({ test }) => {
    const { result, calls } = await reconcile(test, () => ({ sent: 100, failed: 0, more: true }));
    expect(calls.filter((call) => call === 'relayOutbox')).toHaveLength(20);
    expect(result).toEqual({ abandoned: 1, requeued: 0, sent: 2_000, failed: 0, rewritten: 3, expired: 7 });
  });

  it('outlives a database that is away for a moment', async ({ test }) => {
    const { result, calls } = await reconcile(test, (batch) =>
      batch < 3 ? new Error('the database is away') : { sent: 1, failed: 0, more: false },
    );
    expect(calls).toHaveLength(7);
    expect(result).toMatchObject({ sent: 1 });
  });
});

type Relayed = Awaited<ReturnType<Activities['relayOutbox']>>;

/** One run, in which the relay gives these answers and `stuck` articles are requeued. */
async function reconcile(test: WorkflowTest, answers: (batch: number) => Relayed | Error, stuck = 0) {
  const calls: string[] = [];
  const activities: Partial<Activities> = {
    async closeAbandonedCalls() {
      calls.push('closeAbandonedCalls');
      return 1;
    },
    async rewriteWords() {
      calls.push('rewriteWords');
      return 3;
    },
    async deleteExpired() {
      calls.push('deleteExpired');
      return 7;
    },
    async requeueForgotten() {
      calls.push('requeueForgotten');
      return stuck;
    },
    async relayOutbox() {
      calls.push('relayOutbox');
      const answer = answers(calls.filter((call) => call === 'relayOutbox').length);
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
  const result = await test.withActivities(activities, (taskQueue) =>
    test.env.client.workflow.execute<
      () => Promise<{ abandoned: number; requeued: number; sent: number; failed: number; expired: number }>
    >(workflowTypes.reconcile, { taskQueue, workflowId: `reconcile-${randomUUID()}` }),
  );
  return { result, calls };
}
