import { condition, continueAsNew, proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import { maxUnderWay } from '../src/domain/backlog.ts';
import { watchChanges } from './changes.ts';
import { backlogPage } from './policies.ts';

const { startBacklogPage, settleBacklog } = proxyActivities<Activities>(backlogPage);

/** The first wait between two counts, short enough for a person who watches the progress. Each further wait is longer. */
const firstWaitMs = 5_000;
const longestWaitMs = 60_000;

export interface EmbedBacklogInput {
  readonly tenantId: string;
}

/**
 * Embeds a tenant's articles after a first key, a new key or another model. It starts the workflows of the pending articles
 * page by page and waits until none is pending; then the new space starts to serve searches. `started` counts the workflows.
 */
export async function EmbedBacklog({ tenantId }: EmbedBacklogInput): Promise<{ started: number }> {
  const changes = watchChanges();
  let started = 0;
  let afterId: string | undefined;
  let waitMs = firstWaitMs;
  changes.reset();
  for (;;) {
    const page = await startBacklogPage({ tenantId, ...(afterId === undefined ? {} : { afterId }) });
    started += page.started;
    afterId = page.afterId;

    for (;;) {
      const { pending, underWay } = await settleBacklog({
        tenantId,
        ...(afterId === undefined ? {} : { startedUpToId: afterId }),
      });
      if (changes.any) break;
      if (afterId === undefined && pending === 0) return { started };
      if (afterId !== undefined && underWay < maxUnderWay) break;
      await condition(() => changes.any, waitMs, { summary: `${pending} articles pending` });
      waitMs = Math.min(waitMs * 1.5, longestWaitMs);
    }

    if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof EmbedBacklog>({ tenantId });
    if (changes.any) {
      // The key or the model has changed: start again from the first page.
      changes.reset();
      afterId = undefined;
      waitMs = firstWaitMs;
    }
  }
}
