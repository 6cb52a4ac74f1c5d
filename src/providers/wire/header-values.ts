/** Response headers, as `fetch` hands them over. */
export interface ReadableHeaders {
  get(name: string): string | null;
}

/** Parses a number that is not negative, in units of so many milliseconds (or as it is, with 1). */
export function readNumber(value: string | null, unit = 1): number | undefined {
  return value !== null && /^\s*\d+(\.\d+)?\s*$/.test(value) ? Number(value) * unit : undefined;
}

/** The shapes in which a date is parsed. `Date.parse` alone makes a date of almost anything. */
export const httpDate = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/;
export const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i;

/** Parses a date of this shape to milliseconds from now on; negative when it is over. */
export function readTime(shape: RegExp, value: string | null, nowMs: number): number | undefined {
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
export function readDuration(value: string | null): number | undefined {
  const text = value?.trim() ?? '';
  // The length is checked first: the pattern is quadratic at worst, and the text is not trusted.
  if (text.length > 40 || !/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) return undefined;
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)].reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * (unitsMs.get(unit ?? '') ?? 0),
    0,
  );
}
