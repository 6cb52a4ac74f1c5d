import { z } from 'zod';

export type JsonSchema = { readonly type: 'object'; readonly [keyword: string]: unknown };

/** The descriptions of our schemas without their ids, so that each tool's schema stands alone, without `$ref`. */
const withoutIds = Object.assign(z.registry<Record<string, unknown>>(), {
  get: (schema: z.core.$ZodType) => {
    const { id: _, ...rest } = z.globalRegistry.get(schema) ?? {};
    return rest;
  },
});

/** A longer list of values in an answer is left out: nothing is chosen from it, and it may grow. */
const maxListedValues = 12;

/**
 * The JSON schema of a tool's arguments or answer. A model reads it with every conversation, so what tells it nothing is left
 * out: the pattern of an id beside its format, and in answers the long lists of codes.
 */
export function jsonSchemaOf(schema: z.ZodObject, io: 'input' | 'output'): JsonSchema {
  const { $schema: _, ...written } = z.toJSONSchema(schema, {
    io,
    metadata: withoutIds,
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
      delete jsonSchema.examples;
      if (io === 'output') {
        delete jsonSchema.additionalProperties;
        if ((jsonSchema.enum?.length ?? 0) > maxListedValues) delete jsonSchema.enum;
      }
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    },
  });
  return { ...written, type: 'object' };
}
