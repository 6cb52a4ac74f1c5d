import { z } from 'zod';
import type { Cost } from '../../domain/cost.ts';
import { usageFields } from './profile.ts';

/** The tokens that an answer tells, and in which field. */
export interface ToldUsage {
  readonly cost: Cost;
  readonly field: (typeof usageFields)[number];
}

const usageSchema = z.object({ usage: z.record(z.string(), z.unknown()) });
const tokens = z.number().int().positive();

/**
 * Reads what a call has cost: the first field with a count of tokens. It is read apart from the vectors, because an answer that
 * cannot be used is on the bill as well, and vectors without a usage are good vectors. Texts cost something, so zero tells nothing.
 */
export function readUsage(answer: unknown): ToldUsage {
  const { data } = usageSchema.safeParse(answer);
  for (const field of usageFields) {
    const told = field === 'none' ? undefined : tokens.safeParse(data?.usage[field]).data;
    if (told !== undefined) return { field, cost: { kind: 'told', inputTokens: told, outputTokens: 0 } };
  }
  return { field: 'none', cost: { kind: 'unknown' } };
}
