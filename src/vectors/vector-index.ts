/** The most that HNSW takes of each type. */
const mostAsVector = 2_000;
const mostAsHalves = 4_000;

export interface VectorIndex {
  readonly name: string;
  /** What is indexed, as SQL: the planner uses the index only for a query that orders by this very expression. */
  readonly expression: string;
  readonly operatorClass: 'vector_cosine_ops' | 'halfvec_cosine_ops';
  /** The same of a query's vector, given as SQL. */
  expressionOf(vector: string): string;
}

/**
 * The approximate index on chunks of so many dimensions, whether it is there or not; undefined above what HNSW can take. A
 * half holds numbers up to 65,504 and few below a ten-thousandth, so the vector is first brought to the length of one, which
 * leaves its cosines as they are.
 */
export function vectorIndexOf(dimensions: number): VectorIndex | undefined {
  if (!Number.isInteger(dimensions) || dimensions < 1 || dimensions > mostAsHalves) return undefined;
  const name = `chunk_vectors_nearest_${dimensions}`;
  if (dimensions > mostAsVector) {
    const expressionOf = (vector: string) => `cast(l2_normalize(${vector}) as halfvec(${dimensions}))`;
    return { name, expression: expressionOf('embedding'), operatorClass: 'halfvec_cosine_ops', expressionOf };
  }
  const expressionOf = (vector: string) => `cast(${vector} as vector(${dimensions}))`;
  return { name, expression: expressionOf('embedding'), operatorClass: 'vector_cosine_ops', expressionOf };
}
