/** Response headers, as `fetch` hands them over. */
export interface ReadableHeaders {
  get(name: string): string | null;
}

/** A provider that asks for a longer wait is asked again after this: a day's limit may end earlier than it says. */
const maxWaitMs = 300_000;

/** Each vendor's limits: what is left of one, and when it is whole again. */
const limits = [
  ['x-ratelimit-remaining-requests', 'x-ratelimit-reset-requests'],
  ['x-ratelimit-remaining-tokens', 'x-ratelimit-reset-tokens'],
  ['anthropic-ratelimit-requests-remaining', 'anthropic-ratelimit-requests-reset'],
  ['anthropic-ratelimit-tokens-remaining', 'anthropic-ratelimit-tokens-reset'],
  ['anthropic-ratelimit-input-tokens-remaining', 'anthropic-ratelimit-input-tokens-reset'],
  ['anthropic-ratelimit-output-tokens-remaining', 'anthropic-ratelimit-output-tokens-reset'],
] as const;

/**
 * How long a provider asks to be left alone, in milliseconds from 0 to 300,000; undefined where it says nothing that can
 * be read. The plain word comes first (`retry-after-ms`, then `Retry-After`); without one, the resets of the limits that
 * are used up, or of all that are named: the longest, since an early retry only meets the same limit.
 */
export function readRetryAfter(headers: ReadableHeaders, nowMs: number): number | undefined {
  const said =
    readNumber(headers.get('retry-after-ms'), 1) ??
    readNumber(headers.get('retry-after'), 1_000) ??
    readTime(httpDate, headers.get('retry-after'), nowMs);
  const waitMs = said ?? longestReset(headers, nowMs);
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

/** What a date has to look like before `Date.parse` sees it, which makes a date of almost anything. */
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

/** OpenAI's durations: `1m30s`, `20ms`, `8.64s`. */
function readDuration(value: string | null): number | undefined {
  const text = value?.trim() ?? '';
  // The length first: what follows is quadratic at worst, and the text is a stranger's.
  if (text.length > 40 || !/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) return undefined;
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)].reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * (unitsMs.get(unit ?? '') ?? 0),
    0,
  );
}
