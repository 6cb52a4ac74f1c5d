import { z } from 'zod';
import { readBase64Vector } from './base64-vector.ts';
import type { EmbeddingProfile } from './profile.ts';

/** Vectors in the order of the inputs, and how the answer wrote them. */
export interface AnswerVectors {
  readonly vectors: readonly (readonly number[])[];
  readonly form: NonNullable<EmbeddingProfile['vectors']>;
  /** Whether each vector had the number of its input. Without any number the order of the answer is that of the inputs. */
  readonly index: boolean;
}

/** The most dimensions that a column of vectors can hold. */
const maxDimensions = 16_000;

const answerSchema = z.object({ data: z.array(z.unknown()) });
const itemSchema = z.object({
  index: z.number().int().nonnegative().nullish(),
  embedding: z.union([z.string(), z.array(z.number())]),
});
type Item = z.output<typeof itemSchema>;

/**
 * Reads the vectors of an answer: one for each input, all finite, of one dimension and not zero. What has one meaning is read,
 * what has two is not; then the result is undefined. Any value has a result.
 */
export function readAnswer(answer: unknown, inputs: number): AnswerVectors | undefined {
  const { data } = answerSchema.safeParse(answer);
  // Counted first, so that a hostile answer costs no more than one of the right length.
  if (data === undefined || data.data.length !== inputs) return undefined;
  const items = z.array(itemSchema).safeParse(data.data).data;
  const ordered = items === undefined ? undefined : inOrder(items);
  if (ordered === undefined) return undefined;

  const texts = ordered.items.filter(({ embedding }) => typeof embedding === 'string').length;
  if (texts !== 0 && texts !== inputs) return undefined;
  const vectors = ordered.items.map(({ embedding }) =>
    typeof embedding === 'string' ? readBase64Vector(embedding) : embedding,
  );
  const usable = vectors.filter((vector) => vector !== undefined && isStorable(vector, vectors[0]?.length));
  const readable = usable.flatMap((vector) => (vector === undefined ? [] : [vector]));
  if (readable.length !== inputs) return undefined;
  return { vectors: readable, form: texts > 0 ? 'base64' : 'numbers', index: ordered.index };
}

/** The items in the order of the inputs; undefined where some have an index and some have not, or where two have the same. */
function inOrder(items: readonly Item[]) {
  const byIndex = new Map(
    items.flatMap((item) => (typeof item.index === 'number' ? [[item.index, item]] : [])),
  );
  if (byIndex.size === 0) return { items, index: false };
  const ordered = items.flatMap((_, index) => byIndex.get(index) ?? []);
  return ordered.length === items.length ? { items: ordered, index: true } : undefined;
}

/**
 * Whether a vector has this dimension, and is finite and not zero in single precision, as it is stored. A zero vector has no
 * direction, so its cosine distance is not a number.
 */
function isStorable(vector: readonly number[], dimensions: number | undefined): boolean {
  if (vector.length === 0 || vector.length > maxDimensions || vector.length !== dimensions) return false;
  const stored = vector.map(Math.fround);
  return stored.every(Number.isFinite) && stored.some((value) => value !== 0);
}
