import { z } from 'zod';
import { type FailureCode, failureCodes, guidanceOf } from '../domain/failures.ts';
import { optionalGuidanceShape } from '../platform/http/guidance.ts';
import { type ProfileView, profileSchema } from './profile-view.ts';

/** The result of one real call that tries a key. */
export type TriedCall =
  | {
      readonly ok: true;
      readonly model: string;
      readonly dimensions?: number;
      /** How the embedding model is used, as the call has found it. */
      readonly profile?: ProfileView;
    }
  | {
      readonly ok: false;
      readonly model: string;
      readonly code: FailureCode;
      /** How long to wait before another try, where that is known. */
      readonly retryAfterMs?: number;
    };

const tried = z.object({
  ok: z.boolean(),
  code: z.enum(failureCodes).optional().describe('Why the call failed'),
  ...optionalGuidanceShape,
  model: z.string().describe('The model that was called, or would be'),
});

/** The result of each call in a reply, by provider. */
export const triedSchemas = {
  embedding: tried.extend({
    dimensions: z.int().optional().describe("Dimension of the model's vectors"),
    profile: profileSchema.optional(),
  }),
  anthropic: tried,
};

/** Builds the result of a call for clients: a failure has who acts on it and what they do. */
export function presentTriedCall(call: TriedCall) {
  if (call.ok) return call;
  const { retryAfterMs: _, ...failed } = call;
  return { ...failed, ...guidanceOf(failed.code) };
}
