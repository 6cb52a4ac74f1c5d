import { condition, continueAsNew, proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import { watchChanges } from './changes.ts';
import { backlogPage } from './policies.ts';

const { startBacklogPage, settleBacklog } = proxyActivities<Activities>(backlogPage);

/** Articles of one tenant under way at once: enough to keep its provider busy, few enough to leave the queue to edits. */
const mostUnderWay = 200;
/** Between two looks at what is left: a person who watches the progress sees it move. */
const lookEveryMs = 5_000;
const slowestLookMs = 60_000;

export interface EmbedBacklogInput {
  readonly tenantId: string;
}

/**
 * Embeds what a tenant has after a first key, a new key or another model: starts the workflows of its pending articles
 * page by page, then waits until none is pending, when the new space begins to serve searches.
 */
export async function EmbedBacklog({ tenantId }: EmbedBacklogInput): Promise<{ started: number }> {
  const changes = watchChanges();
  let started = 0;
  let afterId: string | undefined;
  let lookMs = lookEveryMs;
  changes.forget();
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
      if (afterId !== undefined && underWay < mostUnderWay) break;
      await condition(() => changes.any, lookMs, { summary: `${pending} articles pending` });
      lookMs = Math.min(lookMs * 1.5, slowestLookMs);
    }

    if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof EmbedBacklog>({ tenantId });
    if (changes.any) {
      // Another key or model meanwhile: everything again, from the first page.
      changes.forget();
      afterId = undefined;
      lookMs = lookEveryMs;
    }
  }
}
