import type { Chunk } from '../domain/chunks.ts';

/** The text of an article that is not written yet, in chunks, with what is known of their vectors. */
export interface ProposedText {
  readonly chunks: readonly Chunk[];
  readonly model: string;
  /** The space that the vectors are of: the one that serves the tenant's searches; none when the tenant has no vectors yet. */
  readonly spaceId: string | undefined;
  /** Hashes of chunks that have vectors there already. */
  readonly known: ReadonlySet<string>;
  /** Vectors that were bought for it, by chunk hash. */
  readonly bought: ReadonlyMap<string, readonly number[]>;
}

export const hashesOf = (chunks: readonly Chunk[]): string[] => chunks.map(({ hash }) => hash);

/** A text that repeats itself has chunks that are the same. */
export const distinct = (chunks: readonly Chunk[]): Chunk[] => [
  ...new Map(chunks.map((chunk) => [chunk.hash, chunk])).values(),
];

/** Its distinct chunks whose vectors are known or bought. */
export const withVectors = ({ chunks, known, bought }: ProposedText): Chunk[] =>
  distinct(chunks).filter(({ hash }) => known.has(hash) || bought.has(hash));

/** Whether every chunk has its vector. */
export const isComplete = (proposal: ProposedText): boolean =>
  withVectors(proposal).length === distinct(proposal.chunks).length;

/** Each chunk's share of the text, in estimated tokens, by its hash. */
export function weightsOf(chunks: readonly Chunk[]): Map<string, number> {
  const weights = new Map<string, number>();
  for (const { hash, approxTokens } of chunks) weights.set(hash, (weights.get(hash) ?? 0) + approxTokens);
  return weights;
}

/** Of the vectors that were bought for it; undefined where none was. */
export function dimensionsOf({ bought }: ProposedText): number | undefined {
  const [first] = bought.values();
  return first?.length;
}

/** At most `count` of the items, in their order, spaced evenly over all of them, the first among them. */
export function sampleEvenly<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items];
  return items.filter(
    (_, at) => Math.floor((at * count) / items.length) !== Math.floor(((at - 1) * count) / items.length),
  );
}
