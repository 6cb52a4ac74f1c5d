import { z } from 'zod';

/** The shape that an answer must have, as JSON schema and as parser. */
export interface AnswerShape<A> {
  readonly schema: Readonly<Record<string, unknown>>;
  /** Parses what the model said; undefined where it has not that shape. Total over any text. */
  parse(text: string): { readonly value: A } | undefined;
}

/** The shape of a zod schema. What the model writes is the input of that schema. */
export const answerShapeOf = <A>(answer: z.ZodType<A>): AnswerShape<A> => ({
  schema: z.toJSONSchema(answer, { io: 'input' }),
  parse(text) {
    try {
      const { data, success } = answer.safeParse(readJson(text));
      return success ? { value: data } : undefined;
    } catch {
      return undefined;
    }
  },
});

/**
 * Reads JSON, alone or in a fence, into which models that are asked in words like to put it. Fences inside the JSON, as articles
 * have them, stay.
 */
function readJson(text: string): unknown {
  const start = /^\s*[[{]/.test(text) ? -1 : text.indexOf('```');
  const json =
    start < 0 ? text : text.slice(start, Math.max(start, text.lastIndexOf('```'))).replace(/^```\w*/, '');
  const read: unknown = JSON.parse(json, (_key, value: unknown) =>
    typeof value === 'string' ? storable(value) : value,
  );
  return read;
}

/** Postgres stores neither NUL nor half of a surrogate pair, and an answer that cannot be stored is bought again. */
const storable = (text: string) => text.replaceAll('\0', '').replace(/[\ud800-\udfff]/gu, '\ufffd');

/** The shape in words, for models and gateways that do not take it as a field of the request. */
export const inWords = (schema: AnswerShape<unknown>['schema']): string =>
  `Answer with one JSON value and nothing else: no sentence before or after it, no code fence. It must fit this JSON schema:\n${JSON.stringify(schema)}`;
