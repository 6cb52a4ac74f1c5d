import { createHash } from 'node:crypto';
import { z } from 'zod';

/** A question to the twin's chat model whose answer has a schema. */
export interface TwinQuestion {
  readonly system: string;
  readonly prompt: string;
  /** The JSON schema that the answer must have. */
  readonly schema: unknown;
}

const schemaShape = z.looseObject({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  enum: z.array(z.unknown()).optional(),
  const: z.unknown().optional(),
  anyOf: z.array(z.unknown()).optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  items: z.unknown().optional(),
});

/**
 * An answer that fits a schema: one item in each list, the first choice of each enumeration, and in each text its name and a
 * digest of the question, so that other questions have other answers.
 */
export function sampleAnswer(schema: unknown, question: string, name = 'answer'): unknown {
  const shape = schemaShape.parse(schema);
  if (shape.const !== undefined) return shape.const;
  if (shape.enum !== undefined) return shape.enum[0];
  if (shape.anyOf !== undefined) return sampleAnswer(shape.anyOf[0], question, name);
  switch (Array.isArray(shape.type) ? shape.type[0] : shape.type) {
    case 'object':
      return Object.fromEntries(
        Object.entries(shape.properties ?? {}).map(([key, inner]) => [
          key,
          sampleAnswer(inner, question, key),
        ]),
      );
    case 'array':
      return [sampleAnswer(shape.items, question, name)];
    case 'number':
      return 0.9;
    case 'integer':
      return 1;
    case 'boolean':
      return true;
    case 'null':
      return null;
    default:
      return `${name} ${createHash('sha256').update(question).digest('hex').slice(0, 12)}`;
  }
}
