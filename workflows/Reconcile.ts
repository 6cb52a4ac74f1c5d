import { patched, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import { sweep } from './policies.ts';

const { closeAbandonedCalls, deleteExpired, relayOutbox, requeueForgotten, rewriteWords } =
  proxyActivities<Activities>(sweep);

/** The most batches of one run. The next run sends the rest, so that a large backlog never makes a large history. */
const maxBatches = 20;

export interface Reconciled {
  /** Call records that a crash left open, closed with the outcome `unknown`. */
  readonly abandoned: number;
  /** Pending articles without a workflow, for which one was requested. */
  readonly requeued: number;
  /** Rows of the outbox that were sent, and rows that could not be sent. */
  readonly sent: number;
  readonly failed: number;
  /** Articles whose words were written anew. */
  readonly rewritten: number;
  /** Rows past their end that were deleted. */
  readonly expired: number;
}

/**
 * Repairs the effects of crashes: unsent signals, articles without a workflow, open call records. Writes words that are missing,
 * and deletes what is past its end. Its schedule runs it.
 */
export async function Reconcile(): Promise<Reconciled> {
  // Signals go first: authors wait for their edits.
  let sent = 0;
  let failed = 0;
  for (let batch = 0; batch < maxBatches; batch += 1) {
    const relayed = await relayOutbox();
    sent += relayed.sent;
    failed += relayed.failed;
    if (!relayed.more) break;
  }
  const requeued = await requeueForgotten();
  const abandoned = await closeAbandonedCalls();
  const rewritten = patched('words') ? await rewriteWords() : 0;
  // Last, since nobody waits for it.
  const expired = await deleteExpired();
  return { abandoned, requeued, sent, failed, rewritten, expired };
}
