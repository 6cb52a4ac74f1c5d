import { z } from 'zod';
import type { Cost } from '../../domain/cost.ts';
import { type FailureCode, failureTraits } from '../../domain/failures.ts';

/** The value of a JSON text; undefined for any other. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const errorSchema = z.union([
  z.object({ error: z.union([z.looseObject({}), z.string().min(1)]) }),
  z.object({ base_resp: z.object({ status_code: z.number().refine((code) => code !== 0) }) }),
]);

/** Whether an answer with a good status holds an error, whatever else it holds. */
export const holdsError = (answer: unknown) => errorSchema.safeParse(answer).success;

/** What an answer without a result has cost: a refusal that says what was wrong is not billed, whatever its status. */
export function refusalCost(code: FailureCode, told: Cost): Cost {
  const isRefusal = code !== 'malformed_response' && !failureTraits[code].countsForBreaker;
  return told.kind === 'unknown' && isRefusal ? { kind: 'free' } : told;
}
