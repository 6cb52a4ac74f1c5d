/** Response headers, as `fetch` hands them over. */
export interface ReadableHeaders {
  get(name: string): string | null;
}

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

function readNumber(value: string | null, unitMs: number): number | undefined {
  return value !== null && /^\s*\d+(\.\d+)?\s*$/.test(value) ? Number(value) * unitMs : undefined;
}

/** The shapes in which a date is parsed. `Date.parse` alone makes a date of almost anything. */
const httpDate = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/;
const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i;

function readTime(shape: RegExp, value: string | null, nowMs: number): number | undefined {
  const text = value?.trim() ?? '';
  const atMs = shape.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(atMs) ? undefined : atMs - nowMs;
}

const unitsMs = new Map([
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

/** Parses a duration of OpenAI, such as `1m30s`, `20ms` or `8.64s`, to milliseconds. */
function readDuration(value: string | null): number | undefined {
  const text = value?.trim() ?? '';
  // The length is checked first: the pattern is quadratic at worst, and the text is not trusted.
  if (text.length > 40 || !/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) return undefined;
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)].reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * (unitsMs.get(unit ?? '') ?? 0),
    0,
  );
}
