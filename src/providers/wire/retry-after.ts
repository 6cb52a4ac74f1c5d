import {
  httpDate,
  type ReadableHeaders,
  readDuration,
  readNumber,
  readTime,
  rfc3339,
} from './header-values.ts';

export type { ReadableHeaders } from './header-values.ts';

/**
 * The longest wait. A provider that asks for more is called again after it, because a limit of a day may end earlier
 * than announced.
 */
const maxWaitMs = 300_000;

/** The headers of each vendor's rate limits: what remains of a limit, and when it is reset. */
const limits = [
  ['x-ratelimit-remaining-requests', 'x-ratelimit-reset-requests'],
  ['x-ratelimit-remaining-tokens', 'x-ratelimit-reset-tokens'],
  ['anthropic-ratelimit-requests-remaining', 'anthropic-ratelimit-requests-reset'],
  ['anthropic-ratelimit-tokens-remaining', 'anthropic-ratelimit-tokens-reset'],
  ['anthropic-ratelimit-input-tokens-remaining', 'anthropic-ratelimit-input-tokens-reset'],
  ['anthropic-ratelimit-output-tokens-remaining', 'anthropic-ratelimit-output-tokens-reset'],
] as const;

/**
 * Reads how long a provider asks to wait, in milliseconds from 0 to 300,000; undefined when no header can be read.
 * `retry-after-ms` comes first, then `Retry-After`, then what the body says (`bodyMs`). Without them, the result is the longest reset of the limits that
 * are used up, or of all limits named, because an earlier retry would meet the same limit.
 */
export function readRetryAfter(headers: ReadableHeaders, nowMs: number, bodyMs?: number): number | undefined {
  const explicit =
    readNumber(headers.get('retry-after-ms'), 1) ??
    readNumber(headers.get('retry-after'), 1_000) ??
    readTime(httpDate, headers.get('retry-after'), nowMs);
  const waitMs = explicit ?? bodyMs ?? longestReset(headers, nowMs);
  return waitMs === undefined ? undefined : Math.min(Math.max(Math.ceil(waitMs), 0), maxWaitMs);
}

function longestReset(headers: ReadableHeaders, nowMs: number): number | undefined {
  const resets = limits.flatMap(([remaining, reset]) => {
    const value = headers.get(reset);
    const waitMs = readDuration(value) ?? readTime(rfc3339, value, nowMs);
    return waitMs === undefined ? [] : [{ waitMs, usedUp: headers.get(remaining)?.trim() === '0' }];
  });
  const usedUp = resets.filter((reset) => reset.usedUp);
  const waits = (usedUp.length > 0 ? usedUp : resets).map(({ waitMs }) => waitMs);
  return waits.length === 0 ? undefined : Math.max(...waits);
}
