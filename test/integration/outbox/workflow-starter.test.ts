import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test as base, describe, expect, inject } from 'vitest';
import { embedArticleWorkflowId } from '../../../src/domain/temporal-names.ts';
import { createWorkflowStarter } from '../../../src/outbox/workflow-starter.ts';
import { createTemporalClient } from '../../../src/platform/temporal/client.ts';

// Workflows that no worker runs, on the run's Temporal.
const it = base.extend('starting', { scope: 'file' }, ({}, { onCleanup }) => {
  const starting = startAt(inject('temporalAddress'));
  onCleanup(() => starting.close());
  return starting;
});

describe('the workflow of an article', () => {
  it('has its tenant’s share of the queue, and goes before a backlog after an edit', async ({ starting }) => {
    const tenantId = randomUUID();
    const edited = await starting.priorityOf(tenantId, (starter, articleId) =>
      starter.send({ tenantId, kind: 'article', subjectId: articleId, version: '1' }),
    );
    const waiting = await starting.priorityOf(tenantId, (starter, articleId) =>
      starter.sendBacklogArticle(tenantId, articleId),
    );
    expect([edited.fairnessKey, waiting.fairnessKey]).toEqual([tenantId, tenantId]);
    // The lower number goes first.
    expect(edited.priorityKey ?? 0).toBeLessThan(waiting.priorityKey ?? 0);
  });
});

describe('a send', () => {
  it('to a Temporal that accepts connections and never answers has an end', async () => {
    const silent = createServer();
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const address = silent.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const starting = startAt(`127.0.0.1:${port}`);
    const row = { tenantId: randomUUID(), kind: 'article', subjectId: randomUUID(), version: '1' } as const;
    await expect(starting.starter.send(row)).rejects.toThrow();
    silent.close();
    void starting.close();
  }, 12_000);
});

function startAt(address: string) {
  const temporal = createTemporalClient({ address, namespace: 'default', tls: false });
  const taskQueue = `no-worker-${randomUUID()}`;
  const starter = createWorkflowStarter({ client: temporal.client, taskQueue });
  return {
    starter,
    close: () => temporal.close(0),
    /** The priority with which a send has started the workflow of a new article. */
    async priorityOf(tenantId: string, send: (through: typeof starter, articleId: string) => Promise<void>) {
      const articleId = randomUUID();
      await send(starter, articleId);
      const handle = temporal.client.workflow.getHandle(embedArticleWorkflowId(tenantId, articleId));
      const { events } = await handle.fetchHistory();
      await handle.terminate();
      return events?.[0]?.workflowExecutionStartedEventAttributes?.priority ?? {};
    },
  };
}
