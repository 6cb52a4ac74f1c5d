import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import { z } from 'zod';
import type { ReadableHeaders } from './header-values.ts';
import type { RateLimits } from './rate-limits.ts';
import { readRateHeaders } from './read-rate-headers.ts';

/** An attempt at a provider. `sent` becomes true with the first byte of its request on the connection. */
interface Attempt {
  sent: boolean;
  /** What the headers of its last answer say of the key's limits. */
  limits?: RateLimits | undefined;
}

/** The attempt under way. A scope and not a parameter: the vendors' libraries stand between the guard and the wire. */
const underWay = new AsyncLocalStorage<Attempt>();
const attempts = new WeakMap<object, Attempt>();

// Node's fetch announces its requests on these channels. The second is named right before the first byte is written, so a
// connection that is refused, or is not there in time, leaves the attempt unsent. An error's code cannot tell: a time-out
// looks the same before and after.
subscribe('undici:request:create', (message) => {
  const attempt = underWay.getStore();
  if (attempt !== undefined) attempts.set(requestOf(message), attempt);
});
subscribe('undici:client:sendHeaders', (message) => {
  const attempt = attempts.get(requestOf(message));
  if (attempt !== undefined) attempt.sent = true;
});

const messageSchema = z.object({
  request: z.custom<object>((value) => typeof value === 'object' && value !== null),
});
const requestOf = (message: unknown) => messageSchema.parse(message).request;

/** Notes the limits that an answer tells, good or bad, for the attempt under way. The libraries hand over no headers of a good one. */
export function noteLimits(headers: ReadableHeaders): void {
  const attempt = underWay.getStore();
  if (attempt !== undefined) attempt.limits = readRateHeaders(headers, Date.now()) ?? attempt.limits;
}

/**
 * Makes an attempt that can ask whether its request was sent, and what the answer tells of limits. Within another watched attempt
 * it is the same attempt.
 */
export function watchSending<T>(
  make: (wasSent: () => boolean, toldLimits: () => RateLimits | undefined) => Promise<T>,
): Promise<T> {
  const outer = underWay.getStore();
  if (outer !== undefined)
    return make(
      () => outer.sent,
      () => outer.limits,
    );
  const attempt: Attempt = { sent: false };
  return underWay.run(attempt, () =>
    make(
      () => attempt.sent,
      () => attempt.limits,
    ),
  );
}
