import { randomUUID } from 'node:crypto';
import { setTimeout as passed } from 'node:timers/promises';
import { describe, expect } from 'vitest';
import type { Activities } from '../../activities/index.ts';
import { embedBacklogWorkflowId, signals, workflowTypes } from '../../src/domain/temporal-names.ts';
import type { EmbedBacklogInput } from '../../workflows/EmbedBacklog.ts';
import { factsOfWorkflows } from '../support/fixtures.ts';
import type { WorkflowTest } from '../support/workflow-environment.ts';

const it = factsOfWorkflows().extend('start', { scope: 'file' }, ({ test }) => starter(test));
it.beforeAll(({ test }) => void test);

describe('EmbedBacklog', () => {
  it('ends at once for a tenant that has nothing to embed', async ({ test, start }) => {
    const backlog = backlogOf(0, 10);
    const result = await test.withActivities(backlog.activities, async (queue) =>
      (await start(queue)).result(),
    );
    expect(result).toEqual({ started: 0 });
    expect(backlog.pages).toEqual([undefined]);
    expect(backlog.looks()).toBe(1);
  });

  it('starts page after page, each after the last, and ends when none is pending', async ({
    test,
    start,
  }) => {
    const backlog = backlogOf(25, 10);
    await test.withActivities(backlog.activities, async (queue) => {
      const handle = await start(queue);
      await until(() => backlog.started.length === 25);
      backlog.embed(25);
      expect(await handle.result()).toEqual({ started: 25 });
    });
    expect(backlog.pages).toEqual([undefined, idOf(10), idOf(20)]);
    expect(new Set(backlog.started).size).toBe(25);
  });

  it('ends after a last page that was full', async ({ test, start }) => {
    const backlog = backlogOf(20, 10);
    await test.withActivities(backlog.activities, async (queue) => {
      const handle = await start(queue);
      await until(() => backlog.pages.length === 3);
      backlog.embed(20);
      expect(await handle.result()).toEqual({ started: 20 });
    });
  });

  it('goes on looking for as long as an article is pending', async ({ test, start }) => {
    const backlog = backlogOf(3, 10);
    await test.withActivities(backlog.activities, async (queue) => {
      const handle = await start(queue);
      await until(() => backlog.started.length === 3);
      backlog.embed(2);
      await test.env.sleep('30 minutes');
      expect((await handle.describe()).status.name).toBe('RUNNING');
      backlog.embed(1);
      expect(await handle.result()).toEqual({ started: 3 });
    });
    // Seldom enough: a look a minute at most, once the first minute is over.
    expect(backlog.looks()).toBeLessThan(45);
  });

  it('looks ever more seldom, and once a minute at the most seldom', async ({ test, start }) => {
    const backlog = backlogOf(1, 10);
    await test.withActivities(backlog.activities, async (queue) => {
      const handle = await start(queue);
      await until(() => backlog.started.length === 1);
      await test.env.sleep('30 minutes');
      backlog.embed(1);
      await handle.result();
      const { events } = await handle.fetchHistory();
      const waitsMs = (events ?? []).flatMap(({ timerStartedEventAttributes: timer }) =>
        timer
          ? [
              Number(timer.startToFireTimeout?.seconds ?? 0) * 1_000 +
                (timer.startToFireTimeout?.nanos ?? 0) / 1e6,
            ]
          : [],
      );
      expect(waitsMs.slice(0, 3)).toEqual([5_000, 7_500, 11_250]);
      expect(waitsMs.slice(7).every((ms) => ms === 60_000)).toBe(true);
      expect(waitsMs.length).toBeGreaterThan(10);
    });
  });

  it('starts no further page while two hundred articles are under way', async ({ test, start }) => {
    const backlog = backlogOf(320, 100);
    await test.withActivities(backlog.activities, async (queue) => {
      const handle = await start(queue);
      await until(() => backlog.started.length >= 200);
      await test.env.sleep('10 minutes');
      expect(backlog.started).toHaveLength(200);
      backlog.embed(1);
      await test.env.sleep('10 minutes');
      expect(backlog.started).toHaveLength(300);
      backlog.embed(319);
      await handle.result();
    });
    expect(new Set(backlog.started).size).toBe(backlog.started.length);
  });

  it('begins again from page one when the key changes, without waiting for the next look', async ({
    test,
    start,
  }) => {
    const backlog = backlogOf(2, 10);
    await test.withActivities(backlog.activities, async (queue) => {
      const handle = await start(queue);
      await until(() => backlog.looks() > 0);
      // Looks are a minute apart by now.
      await test.env.sleep('20 minutes');
      const before = backlog.looks();
      await handle.signal(signals.keyChanged);
      await until(() => backlog.pages.length === 2);
      expect(backlog.looks()).toBeLessThanOrEqual(before + 2);
      backlog.embed(2);
      expect(await handle.result()).toEqual({ started: 4 });
    });
    expect(backlog.pages).toEqual([undefined, undefined]);
  });

  it('begins again from page one when the key changes between two pages', async ({ test, start }) => {
    const backlog = backlogOf(30, 10);
    let signalled = false;
    const tenantId = randomUUID();
    const { startBacklogPage } = backlog.activities;
    const activities: Partial<Activities> = {
      ...backlog.activities,
      async startBacklogPage(input) {
        if (input.afterId === idOf(10) && !signalled) {
          signalled = true;
          await test.env.client.workflow
            .getHandle(embedBacklogWorkflowId(tenantId))
            .signal(signals.keyChanged);
        }
        if (startBacklogPage === undefined) throw new Error('no such activity');
        return startBacklogPage(input);
      },
    };
    await test.withActivities(activities, async (queue) => {
      const handle = await start(queue, tenantId);
      await until(() => backlog.pages.length === 6);
      backlog.embed(30);
      await handle.result();
    });
    expect(backlog.pages.slice(0, 4)).toEqual([undefined, idOf(10), undefined, idOf(10)]);
  });

  it('does not end on a change that came with the last look', async ({ test, start }) => {
    const backlog = backlogOf(1, 10);
    const tenantId = randomUUID();
    const { settleBacklog } = backlog.activities;
    const activities: Partial<Activities> = {
      ...backlog.activities,
      async settleBacklog(input) {
        if (settleBacklog === undefined) throw new Error('no such activity');
        backlog.embed(1);
        const answer = await settleBacklog(input);
        if (backlog.looks() === 1) {
          backlog.add(1);
          await test.env.client.workflow
            .getHandle(embedBacklogWorkflowId(tenantId))
            .signal(signals.keyChanged);
        }
        return answer;
      },
    };
    const result = await test.withActivities(activities, async (queue) =>
      (await start(queue, tenantId)).result(),
    );
    expect(result).toEqual({ started: 2 });
    expect(backlog.pending()).toBe(0);
  });
});

/** Signals the tenant's backlog workflow, or starts it, as the service does. */
function starter({ env }: WorkflowTest) {
  return (taskQueue: string, tenantId: string = randomUUID()) =>
    env.client.workflow.signalWithStart<(input: EmbedBacklogInput) => Promise<{ started: number }>>(
      workflowTypes.embedBacklog,
      {
        taskQueue,
        workflowId: embedBacklogWorkflowId(tenantId),
        args: [{ tenantId }],
        signal: signals.keyChanged,
        signalArgs: [],
      },
    );
}

/** A tenant's pending articles, by number; pages of them are started, and the test embeds them. */
function backlogOf(articles: number, pageSize: number) {
  const pending = Array.from({ length: articles }, (_, index) => idOf(index + 1));
  const started: string[] = [];
  const pages: (string | undefined)[] = [];
  let settled = 0;
  const activities: Partial<Activities> = {
    async startBacklogPage({ afterId }) {
      pages.push(afterId);
      const page = pending.filter((id) => afterId === undefined || id > afterId).slice(0, pageSize);
      started.push(...page);
      const last = page.at(-1);
      return {
        started: page.length,
        ...(page.length === pageSize && last !== undefined ? { afterId: last } : {}),
      };
    },
    async settleBacklog({ startedUpToId }) {
      settled += 1;
      const underWay = pending.filter((id) => startedUpToId === undefined || id <= startedUpToId);
      return { pending: pending.length, underWay: underWay.length };
    },
  };
  return {
    activities,
    started,
    /** Where each page began. */
    pages,
    looks: () => settled,
    pending: () => pending.length,
    /** So many articles are embedded, the oldest first. */
    embed: (count: number) => void pending.splice(0, count),
    add: (count: number) => {
      for (let i = 0; i < count; i += 1) pending.push(idOf(articles + i + 1));
    },
  };
}

const idOf = (index: number) => `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;

const until = async (met: () => boolean) => {
  while (!met()) await passed(5);
};
