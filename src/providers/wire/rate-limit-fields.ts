import { parseDictionary, parseList } from 'structured-headers';
import type { ReadWindow } from './rate-limits.ts';

/** The most characters that are parsed: the fields are some dozen, and an answer is not trusted. */
const maxLength = 1_000;

/**
 * Reads the fields `RateLimit` and `RateLimit-Policy` of the IETF's drafts, which are structured fields: of the newer ones
 * (`"default";r=50;t=30`), or of the older one that is a dictionary (`limit=100, remaining=50, reset=5`).
 */
export function readRateLimitFields(field: string | null, policy: string | null): readonly ReadWindow[] {
  if (field === null) return [];
  const policies = new Map(
    itemsOf(policy).map(({ name, parameters }) => [
      name,
      {
        limit: numberOf(parameters.get('q')),
        windowMs: inMs(parameters.get('w')),
        unit: parameters.get('qu'),
      },
    ]),
  );
  const windows = itemsOf(field).flatMap(({ name, parameters }): ReadWindow[] => {
    const { limit, windowMs, unit } = policies.get(name) ?? {};
    const kind = kindOf(unit);
    const resetInMs = inMs(parameters.get('t')) ?? windowMs;
    return kind === undefined ? [] : [{ kind, left: numberOf(parameters.get('r')), limit, resetInMs }];
  });
  return windows.length > 0 ? windows : fromDictionary(field);
}

interface NamedItem {
  readonly name: string;
  readonly parameters: ReadonlyMap<string, unknown>;
}

/** The items of a list with their parameters; none where the field is no list. */
function itemsOf(field: string | null): readonly NamedItem[] {
  const list = parsed(field, parseList) ?? [];
  return list.map(([value, parameters]) => ({ name: String(value), parameters }));
}

function fromDictionary(field: string): readonly ReadWindow[] {
  const dictionary = parsed(field, parseDictionary);
  if (dictionary === undefined) return [];
  const memberOf = (name: string) => dictionary.get(name)?.[0];
  return [
    {
      kind: 'requests',
      left: numberOf(memberOf('remaining')),
      limit: numberOf(memberOf('limit')),
      resetInMs: inMs(memberOf('reset')),
    },
  ];
}

function parsed<T>(field: string | null, parse: (field: string) => T): T | undefined {
  if (field === null || field.length > maxLength) return undefined;
  try {
    return parse(field);
  } catch {
    return undefined;
  }
}

/** What a policy counts. Others than requests and tokens, such as bytes, say nothing about the next call. */
function kindOf(unit: unknown): ReadWindow['kind'] | undefined {
  const name = unit === undefined ? 'requests' : String(unit);
  if (name === 'requests') return 'requests';
  return name.endsWith('tokens') ? 'tokens' : undefined;
}

const numberOf = (value: unknown) => (typeof value === 'number' ? value : undefined);
const inMs = (value: unknown) => (typeof value === 'number' ? value * 1_000 : undefined);
