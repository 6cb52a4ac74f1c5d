import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Activities } from '../../activities/index.ts';
import { workflowTypes } from '../../src/domain/temporal-names.ts';
import { createWorkflowTest, type WorkflowTest } from '../support/workflow-environment.ts';

let test: WorkflowTest;
beforeAll(async () => {
  test = await createWorkflowTest();
});
afterAll(async () => {
  await test.close();
});

type Relayed = Awaited<ReturnType<Activities['relayOutbox']>>;

/** One run; the relay answers as it is told, and says then that nothing is left. */
async function reconcile(answers: (batch: number) => Relayed | Error, forgotten = 0) {
  const calls: string[] = [];
  const activities: Partial<Activities> = {
    async closeAbandonedCalls() {
      calls.push('closeAbandonedCalls');
      return 1;
    },
    async requeueForgotten() {
      calls.push('requeueForgotten');
      return forgotten;
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
      () => Promise<{ abandoned: number; requeued: number; sent: number; failed: number }>
    >(workflowTypes.reconcile, { taskQueue, workflowId: `reconcile-${randomUUID()}` }),
  );
  return { result, calls };
}

describe('Reconcile', () => {
  it('sends what the outbox holds first, then looks for what was forgotten', async () => {
    const { result, calls } = await reconcile(() => ({ sent: 3, failed: 0, more: false }), 2);
    expect(calls).toEqual(['relayOutbox', 'requeueForgotten', 'closeAbandonedCalls']);
    expect(result).toEqual({ abandoned: 1, requeued: 2, sent: 3, failed: 0 });
  });

  it('goes on while there is more, and adds up', async () => {
    const { result, calls } = await reconcile((batch) => ({ sent: 98, failed: 2, more: batch < 3 }));
    expect(calls).toHaveLength(5);
    expect(result).toEqual({ abandoned: 1, requeued: 0, sent: 294, failed: 6 });
  });

  it('stops after twenty batches: the rest is the next run’s', async () => {
    const { result, calls } = await reconcile(() => ({ sent: 100, failed: 0, more: true }));
    expect(calls.filter((call) => call === 'relayOutbox')).toHaveLength(20);
    expect(result).toEqual({ abandoned: 1, requeued: 0, sent: 2_000, failed: 0 });
  });

  it('outlives a database that is away for a moment', async () => {
    const { result, calls } = await reconcile((batch) =>
      batch < 3 ? new Error('the database is away') : { sent: 1, failed: 0, more: false },
    );
    expect(calls).toHaveLength(5);
    expect(result).toMatchObject({ sent: 1 });
  });
});
