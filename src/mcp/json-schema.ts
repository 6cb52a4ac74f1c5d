import { z } from 'zod';

export type JsonSchema = { readonly type: 'object'; readonly [keyword: string]: unknown };

/** The descriptions of our schemas without their ids, so that each tool's schema stands alone, without `$ref`. */
const withoutIds = Object.assign(z.registry<Record<string, unknown>>(), {
  get: (schema: z.core.$ZodType) => {
    const { id: _, ...rest } = z.globalRegistry.get(schema) ?? {};
    return rest;
  },
});

/**
 * The JSON schema of a tool's arguments or answer. A model reads it with every conversation, so what a name of a format says
 * already, such as the pattern of an id, is left out.
 */
export function jsonSchemaOf(schema: z.ZodObject, io: 'input' | 'output'): JsonSchema {
  const { $schema: _, ...written } = z.toJSONSchema(schema, {
    io,
    metadata: withoutIds,
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
      delete jsonSchema.examples;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    },
  });
  return { ...written, type: 'object' };
}
