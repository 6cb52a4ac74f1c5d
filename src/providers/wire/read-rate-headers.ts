import {
  httpDate,
  type ReadableHeaders,
  readDuration,
  readNumber,
  readTime,
  rfc3339,
} from './header-values.ts';
import { readRateLimitFields } from './rate-limit-fields.ts';
import type { RateLimits, RateWindow, ReadWindow } from './rate-limits.ts';

/** The longest wait by a rate header: a limit of a day may end earlier than announced. */
const maxResetMs = 300_000;
const unknownResetMs = 60_000;
/** More than any limit, and exact as a number. */
const maxCount = 1e15;

/** Names of headers: what is left, the limit, its reset, and the reset where none is told. */
type Names = readonly [
  kind: keyof RateLimits,
  left: string,
  limit: string,
  reset?: string,
  windowMs?: number,
];

const openAi = (kind: keyof RateLimits): Names => [
  kind,
  `x-ratelimit-remaining-${kind}`,
  `x-ratelimit-limit-${kind}`,
  `x-ratelimit-reset-${kind}`,
];
const anthropic = (kind: keyof RateLimits, of: string): Names => [
  kind,
  `anthropic-ratelimit-${of}-remaining`,
  `anthropic-ratelimit-${of}-limit`,
  `anthropic-ratelimit-${of}-reset`,
];
const mistral = (kind: keyof RateLimits, of: string, windowMs: number): Names => [
  kind,
  `x-ratelimit-remaining-${of}`,
  `x-ratelimit-limit-${of}`,
  `x-ratelimit-reset-${of}`,
  windowMs,
];

/** The headers of the vendors. Azure sends those of OpenAI without the resets. */
const families: readonly Names[] = [
  openAi('requests'),
  openAi('tokens'),
  anthropic('requests', 'requests'),
  anthropic('tokens', 'tokens'),
  anthropic('tokens', 'input-tokens'),
  mistral('requests', 'req-second', 1_000),
  mistral('requests', 'req-minute', 60_000),
  mistral('tokens', 'tokens-minute', 60_000),
  mistral('tokens', 'tokens-month', maxResetMs),
  ['requests', 'x-ratelimit-remaining', 'x-ratelimit-limit', 'x-ratelimit-reset'],
  // The older drafts of the fields `RateLimit` and `RateLimit-Policy`.
  ['requests', 'ratelimit-remaining', 'ratelimit-limit', 'ratelimit-reset'],
];

/**
 * Reads what the headers of an answer, good or bad, say of the key's limits; undefined where they say nothing. Any headers can be
 * read, and no reset is further away than five minutes.
 */
export function readRateHeaders(headers: ReadableHeaders, nowMs: number): RateLimits | undefined {
  const windows = [
    ...families.map(([kind, left, limit, reset, windowMs]): ReadWindow => {
      const resetInMs = reset === undefined ? undefined : readReset(headers.get(reset), nowMs);
      return {
        kind,
        left: readCount(headers.get(left)),
        limit: readCount(headers.get(limit)),
        resetInMs: resetInMs ?? windowMs,
      };
    }),
    ...readRateLimitFields(headers.get('ratelimit'), headers.get('ratelimit-policy')),
  ];
  const requests = tightest(windows, 'requests');
  const tokens = tightest(windows, 'tokens');
  if (requests === undefined && tokens === undefined) return undefined;
  return { ...(requests && { requests }), ...(tokens && { tokens }) };
}

/** The window of this kind with the least left; of equal ones the one that lasts longest. */
function tightest(windows: readonly ReadWindow[], kind: keyof RateLimits): RateWindow | undefined {
  const told = windows.flatMap((window) => (window.kind === kind ? checked(window) : []));
  return told.toSorted((a, b) => a.left - b.left || b.resetInMs - a.resetInMs)[0];
}

function checked({ left, limit, resetInMs = unknownResetMs }: ReadWindow): RateWindow[] {
  // A limit of nothing is none: the provider has just answered.
  if (left === undefined || !(left >= 0) || limit === 0) return [];
  const count = Math.min(Math.floor(left), maxCount);
  const isTold = limit !== undefined && limit >= count;
  return [
    {
      left: count,
      ...(isTold ? { limit: Math.min(Math.floor(limit), maxCount) } : {}),
      resetInMs: Math.min(Math.max(Math.ceil(resetInMs) || 0, 0), maxResetMs),
    },
  ];
}

/** Reads a count, of a list the first one: `100, 100;w=60`. */
const readCount = (value: string | null) => readNumber(value?.split(/[,;]/, 1)[0] ?? null);

/** Reads a reset: a duration, a time, or a number of seconds from now or since 1970 (of milliseconds, where it is that large). */
function readReset(value: string | null, nowMs: number): number | undefined {
  const seconds = readNumber(value);
  if (seconds !== undefined) {
    if (seconds > 1e11) return seconds - nowMs;
    return seconds > 1e9 ? seconds * 1_000 - nowMs : seconds * 1_000;
  }
  return readDuration(value) ?? readTime(rfc3339, value, nowMs) ?? readTime(httpDate, value, nowMs);
}
