import { z } from 'zod';
import type { Cost } from '../../domain/cost.ts';
import type { VendorRerank } from '../catalogue/vendor.ts';

/** The score of each text, in the order of the request; null for one that the answer leaves out. */
export type Scores = readonly (number | null)[];

const answerSchema = z.record(z.string(), z.unknown());
const itemSchema = z.object({ index: z.number().int().nonnegative(), relevance_score: z.number() });

/**
 * Reads the scores of an answer. An answer that names no text, one that is not there, one twice, or a score that is no finite
 * number, can order nothing; then the result is undefined. Any value has a result.
 */
export function readScores(
  answer: unknown,
  { scoresIn }: Pick<VendorRerank, 'scoresIn'>,
  documents: number,
): Scores | undefined {
  const list = answerSchema.safeParse(answer).data?.[scoresIn];
  // Counted first, so that a hostile answer costs no more than one of the right length.
  if (!Array.isArray(list) || list.length === 0 || list.length > documents) return undefined;
  const items = z.array(itemSchema).safeParse(list).data;
  if (items === undefined) return undefined;
  const byIndex = new Map(items.map(({ index, relevance_score: score }) => [index, score]));
  if (byIndex.size !== items.length || items.some(({ index }) => index >= documents)) return undefined;
  return Array.from({ length: documents }, (_, index) => byIndex.get(index) ?? null);
}

const tokens = z.number().int().positive();
const usageSchema = z.object({ usage: z.object({ total_tokens: tokens }) });
const metaSchema = z.object({ meta: z.object({ tokens: z.object({ input_tokens: tokens }) }) });

/** Reads what an answer has cost in tokens. A vendor that bills by the search may tell none. */
export function readRerankCost(answer: unknown): Cost {
  const told =
    usageSchema.safeParse(answer).data?.usage.total_tokens ??
    metaSchema.safeParse(answer).data?.meta.tokens.input_tokens;
  return told === undefined ? { kind: 'unknown' } : { kind: 'told', inputTokens: told, outputTokens: 0 };
}
