const censor = '[redacted]';
const unreadable = '[unreadable]';
/** As deep as a line is looked through. What lies deeper is left out of it. */
const maxDepth = 4;

type Fields = Record<string, unknown>;

/** What is logged under these names has a serializer, which keeps no field of an error and reads any value. */
export const errorFields = ['err', 'error'] as const;
const serialized: ReadonlySet<string> = new Set(errorFields);

/**
 * The fields of a log line with the values of secret ones censored. A line without any, which is nearly every one, is not copied.
 * Never throws: what cannot be read is left out of the line. Alternative that lost: the redaction of pino by paths, which
 * costs twenty times as much as the rest of a line where a name counts on every level.
 */
export function redacted(fields: Fields, secretFields: ReadonlySet<string>): Fields {
  try {
    return censored(fields, secretFields, 1);
  } catch {
    return { fields: unreadable };
  }
}

function censored(fields: Fields, secretFields: ReadonlySet<string>, depth: number): Fields {
  let copy: Fields | undefined;
  for (const [name, value] of Object.entries(fields)) {
    if (depth === 1 && serialized.has(name)) continue;
    const shown =
      value !== undefined && secretFields.has(name) ? censor : readable(value, secretFields, depth);
    if (shown === value) continue;
    copy ??= { ...fields };
    copy[name] = shown;
  }
  return copy ?? fields;
}

function readable(value: unknown, secretFields: ReadonlySet<string>, depth: number): unknown {
  try {
    return shownOf(value, secretFields, depth);
  } catch {
    return unreadable;
  }
}

function shownOf(value: unknown, secretFields: ReadonlySet<string>, depth: number): unknown {
  if (!isNested(value)) return value;
  const written = asWritten(value);
  if (!isNested(written)) return written;
  if (depth === maxDepth) return censor;
  if (Array.isArray(written)) return written.map((item: unknown) => shownOf(item, secretFields, depth + 1));
  return censored(written, secretFields, depth + 1);
}

/** A date, or anything else with `toJSON`, says itself how it is written: perhaps with a secret. */
function asWritten(value: Fields): unknown {
  return typeof value.toJSON === 'function' ? value.toJSON() : value;
}

function isNested(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}
