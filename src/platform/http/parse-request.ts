import { z } from 'zod';
import { fieldPath } from './field-path.ts';
import { findJsonFault } from './json-limits.ts';
import { findJsonLoss } from './json-losses.ts';
import { type FieldError, type Problem, problem } from './problem.ts';
import type { Route } from './route.ts';

export interface RawRequest {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  /** The text from which the body was parsed, if it came as text. */
  readonly bodyText?: string | undefined;
}

export type Parsed =
  | { readonly kind: 'parsed'; readonly params: unknown; readonly query: unknown; readonly body: unknown }
  | Problem;

/** Parses a request by the schemas of one route. */
export type RequestParser = (raw: RawRequest) => Parsed;

/**
 * Creates the parser of a route, once for all of its requests: a schema is compiled when it parses for the first time. Malformed
 * path parameters give 404; other faults give one 422 with all fields.
 */
export function createRequestParser(route: Pick<Route, 'path' | 'params' | 'query' | 'body'>): RequestParser {
  const querySchema = route.query && strict(route.query);
  const bodySchema = route.body && strict(route.body);

  return (raw) => {
    const params = route.params?.safeParse(raw.params);
    if (params?.success === false) return problem('not_found', nothingBy(route.path, params.error.issues[0]));

    const faults: FieldError[] = [];
    const parseOne = (schema: z.ZodType | undefined, value: unknown, text?: string): unknown => {
      if (!schema) return undefined;
      const parsed = parseValue(schema, value, text);
      if (parsed.kind === 'parsed') return parsed.value;
      for (const fault of parsed.faults) faults.push(fault);
      return undefined;
    };
    const query = parseOne(querySchema, raw.query);
    const body = parseOne(bodySchema, raw.body, raw.bodyText);
    if (faults.length > 0) return invalid(faults);
    return { kind: 'parsed', params: params?.data, query, body };
  };
}

/** Parses a value by a schema that refuses unknown fields; the problem of 422 lists all faults, in the words of every route. */
export function parseBy<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
): { readonly kind: 'parsed'; readonly value: z.output<Schema> } | Problem {
  const parsed = parseValue(schema, value);
  return parsed.kind === 'parsed' ? parsed : invalid(parsed.faults);
}

function parseValue<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  text?: string,
):
  | { readonly kind: 'parsed'; readonly value: z.output<Schema> }
  | { readonly kind: 'faults'; readonly faults: readonly FieldError[] } {
  const fault = findJsonFault(value) ?? (text === undefined ? undefined : findJsonLoss(text));
  if (fault) return { kind: 'faults', faults: [fault] };
  // No schema waits for anything: the parser that may wait is several times as slow.
  const result = schema.safeParse(value, { error: inPlainWords });
  if (result.success) return { kind: 'parsed', value: result.data };
  return { kind: 'faults', faults: result.error.issues.flatMap(fieldErrors) };
}

/**
 * Says that a well-formed path names nothing, such as an id that no row can have: `There is no article with this id.` Where only
 * a few names exist it lists them: `There is no provider of this name: use embedding or anthropic.`
 */
function nothingBy(path: string, issue: z.core.$ZodIssue | undefined): string {
  const parameter = String(issue?.path[0] ?? 'id');
  const collection = new RegExp(`([a-z-]+)/:${parameter}(?:/|$)`).exec(path)?.[1];
  if (collection === undefined) return 'There is nothing at this path.';
  const one = collection.replace(/ies$/, 'y').replace(/s$/, '').replaceAll('-', ' ');
  if (issue?.code === 'invalid_value')
    return `There is no ${one} of this name: use ${issue.values.join(' or ')}.`;
  return `There is no ${one} with this ${parameter}.`;
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

/** The messages of faults for which a schema has none of its own. */
function inPlainWords(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.input === undefined) return 'is required';
  if (issue.code === 'invalid_value' && Array.isArray(issue.values)) {
    return `must be ${issue.values.length === 1 ? '' : 'one of '}${issue.values.join(', ')}`;
  }
  if (issue.code !== 'invalid_type') return undefined;
  const name = typeNames[String(issue.expected)];
  return name === undefined ? undefined : `must be ${name}`;
}

/** The schema with unknown fields refused, unless it says what to do with them: a misspelt field must not pass unnoticed. */
export function strict(schema: z.ZodType): z.ZodType {
  return schema instanceof z.ZodObject && schema.def.catchall === undefined ? schema.strict() : schema;
}

/** The most fields that a problem lists. Its detail says how many more there are. */
const maxListed = 20;

/** The problem of invalid fields, at least one. */
export function invalid(errors: readonly FieldError[]): Problem {
  const [first] = errors;
  const listed = errors.length > maxListed ? `; the first ${maxListed} are listed` : '';
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more${listed})` : '';
  const detail = first
    ? `${first.path === '' ? 'The body' : first.path}: ${first.message}${more}`
    : 'Not valid';
  return problem('validation_failed', detail, { errors: errors.slice(0, maxListed) });
}

function fieldErrors(issue: z.core.$ZodIssue): FieldError[] {
  const path = issue.path.reduce<string>(fieldPath, '');
  if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }];
  return issue.keys.map((key) => ({
    path: nameOfField.test(key) ? fieldPath(path, key) : path,
    message: nameOfField.test(key) ? 'is not a known field' : 'has a field with a name that no field has',
  }));
}

/** What may be the name of a field, and is shown. Anything else may be a key that was pasted to the left of the colon. */
const nameOfField = /^[a-z][a-z_]{0,39}\d{0,3}$/i;
