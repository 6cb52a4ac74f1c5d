import type { Failure } from './failures.ts';

/** When a failed step may succeed, for clients; null where nobody knows. */
export function retryTimeOf({ retryAfterMs, renewsAt }: Failure): Date | null {
  return retryAfterMs === undefined ? (renewsAt ?? null) : new Date(Date.now() + retryAfterMs);
}
