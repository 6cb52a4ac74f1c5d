import { condition } from '@temporalio/workflow';
import type { Waits } from '../src/domain/embed-article.ts';
import type { Changes } from './changes.ts';
import { busyWaits } from './policies.ts';
import type { Retries } from './retries.ts';

/**
 * Waits on a timer, which operators see by the code. A new key, an edit or a request by hand ends the wait. At least half a second:
 * the breaker uses the database's clock, and a pass that is slightly early would only wait again. Longer where others are always
 * faster: many articles share the few calls of a limit.
 */
export async function waitToRetry(failed: Waits, { state }: Retries, changes: Changes): Promise<void> {
  const shortestMs = Math.min(500 * busyWaits.growth ** (state.refusals ?? 0), busyWaits.longestMs);
  await condition(() => changes.any, Math.max(failed.retryInMs, shortestMs), { summary: failed.code });
}

/**
 * The tenant's other calls are waited for here, on a timer that holds nothing of the worker; a change ends it. They hold the slots,
 * or they buy what is missing, which is then reused. `times` counts the waits before, which make this one longer.
 */
export async function waitForOthers(
  { kind, retryInMs }: { readonly kind: string; readonly retryInMs: number },
  times: number,
  changes: Changes,
): Promise<void> {
  const waitMs = Math.min(retryInMs * busyWaits.growth ** times, busyWaits.longestMs);
  await condition(() => changes.any, waitMs, { summary: kind });
}
