/** The most dimensions that HNSW indexes of each type. */
const maxVectorDimensions = 2_000;
const maxHalfvecDimensions = 4_000;

/** The approximate index on the vectors of one dimension. */
export interface VectorIndex {
  readonly name: string;
  /**
   * The indexed expression, as SQL. The planner uses the index only for a query that orders by exactly this expression.
   */
  readonly expression: string;
  readonly operatorClass: 'vector_cosine_ops' | 'halfvec_cosine_ops';
  /** The same expression of a query's vector, which is given as SQL. */
  expressionOf(vector: string): string;
}

/**
 * Describes the approximate index on chunks of so many dimensions, whether or not it exists; undefined above the limit
 * of HNSW. A half holds numbers up to 65,504 and few below a ten-thousandth, so a vector is first normalised to length
 * 1, which keeps its cosines.
 */
export function vectorIndexOf(dimensions: number): VectorIndex | undefined {
  if (!Number.isInteger(dimensions) || dimensions < 1 || dimensions > maxHalfvecDimensions) return undefined;
  const name = `chunk_vectors_nearest_${dimensions}`;
  if (dimensions > maxVectorDimensions) {
    const expressionOf = (vector: string) => `cast(l2_normalize(${vector}) as halfvec(${dimensions}))`;
    return { name, expression: expressionOf('embedding'), operatorClass: 'halfvec_cosine_ops', expressionOf };
  }
  const expressionOf = (vector: string) => `cast(${vector} as vector(${dimensions}))`;
  return { name, expression: expressionOf('embedding'), operatorClass: 'vector_cosine_ops', expressionOf };
}
