import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import { sweep } from './policies.ts';

const { closeAbandonedCalls, relayOutbox, requeueForgotten } = proxyActivities<Activities>(sweep);

/** Batches of one run: the rest is the next run's, so that a great backlog never makes a great history. */
const mostBatches = 20;

export interface Reconciled {
  /** Calls that a crash left open, given up as unknown. */
  readonly abandoned: number;
  /** Articles without a workflow, given one. */
  readonly requeued: number;
  readonly sent: number;
  readonly failed: number;
}

/** Makes up for what was missed: calls that a crash cut off, articles without a workflow, signals never sent. Run by its schedule. */
export async function Reconcile(): Promise<Reconciled> {
  // Signals first: they are what somebody waits for.
  let sent = 0;
  let failed = 0;
  for (let batch = 0; batch < mostBatches; batch += 1) {
    const relayed = await relayOutbox();
    sent += relayed.sent;
    failed += relayed.failed;
    if (!relayed.more) break;
  }
  const requeued = await requeueForgotten();
  const abandoned = await closeAbandonedCalls();
  return { abandoned, requeued, sent, failed };
}
