import { z } from 'zod';

const modelSchema = z.object({ model: z.string().regex(/^[A-Za-z0-9._:/@+-]{1,200}$/) });

/** A piece of the key of this length is not shown, wherever it stands. */
const pieceLength = 5;

/**
 * Reads the model that an answer names; null where it names none. The name is a word of the provider that is shown to the tenant,
 * so it must look like the name of a model and hold no piece of the key.
 */
export function readAnsweredModel(answer: unknown, apiKey: string, asked: string): string | null {
  const model = modelSchema.safeParse(answer).data?.model;
  if (model === undefined) return null;
  if (model === asked) return model;
  for (let at = 0; at + pieceLength <= apiKey.length; at += 1) {
    if (model.includes(apiKey.slice(at, at + pieceLength))) return null;
  }
  return model;
}
