import { z } from 'zod';

/** A field of a form: its name and its text. */
export type FormField = readonly [name: string, text: string];

/**
 * Writes the fields of a form as the JSON text of a body, so that a form and JSON are parsed, checked and hashed by the same code.
 * A field is a string where the schema takes its text as it is, and otherwise JSON, if it is JSON: `true`, `{"key": 1}`. A field
 * that comes twice stands there twice, and is refused as in JSON.
 */
export async function bodyTextOfForm(schema: z.ZodType, fields: readonly FormField[]): Promise<string> {
  const members = await Promise.all(
    fields.map(async ([name, text]) => {
      const value = (await isTakenAsText(schema, name, text)) || !isJson(text) ? JSON.stringify(text) : text;
      return `${JSON.stringify(name)}:${value}`;
    }),
  );
  return `{${members.join(',')}}`;
}

async function isTakenAsText(schema: z.ZodType, name: string, text: string): Promise<boolean> {
  if (!(schema instanceof z.ZodObject) || !Object.hasOwn(schema.shape, name)) return true;
  const field: unknown = schema.shape[name];
  return field instanceof z.ZodType && (await field.safeParseAsync(text)).success;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
