import { z } from 'zod';
import { failureActors } from '../../domain/failures.ts';

/** Who acts on a code and what they do, beside every code in a reply (see `guidanceOf`). */
export const guidanceShape = {
  who: z.enum(failureActors).nullable().describe('Who acts on it; `wait`: time alone mends it'),
  next_step: z.string().nullable().describe('What they do, in one sentence'),
};

/** The same where the code itself may be absent. */
export const optionalGuidanceShape = {
  who: guidanceShape.who.unwrap().optional(),
  next_step: guidanceShape.next_step.unwrap().optional(),
};
