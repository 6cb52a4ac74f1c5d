import type { Chunk } from '../domain/chunks.ts';
import type { ProviderTarget } from '../domain/provider-target.ts';
import type { CutText } from '../vectors/cutting/article-cuts.ts';

/** The text of an article that is not written yet, in chunks, with what is known of their vectors. */
export interface ProposedText {
  readonly chunks: readonly Chunk[];
  /** Where the chunks lie in the text; kept with the article, so that a long text is not cut again. */
  readonly cut?: CutText;
  readonly target: ProviderTarget;
  /** The space of the vectors, which serves the tenant's searches; undefined when the tenant has no vectors yet. */
  readonly spaceId: string | undefined;
  /** Hashes of chunks that have vectors in the space already. */
  readonly known: ReadonlySet<string>;
  /** Vectors that were bought for the text, by chunk hash. */
  readonly bought: ReadonlyMap<string, readonly number[]>;
}

/** The hashes of the chunks, in their order. */
export const hashesOf = (chunks: readonly Chunk[]): string[] => chunks.map(({ hash }) => hash);

/** The chunks without repetitions. A text that repeats itself has equal chunks. */
export const distinct = (chunks: readonly Chunk[]): Chunk[] => [
  ...new Map(chunks.map((chunk) => [chunk.hash, chunk])).values(),
];

/**
 * The chunks that are compared: the passages. The card says what an article is about, and two articles about one thing may well say
 * different things of it. Where there is no passage, the card is all there is.
 */
export function passages(chunks: readonly Chunk[]): readonly Chunk[] {
  const found = chunks.filter(({ isCard }) => !isCard);
  return found.length > 0 ? found : chunks;
}

/** The distinct chunks of the text whose vectors are known or bought. */
export const withVectors = ({ chunks, known, bought }: ProposedText): Chunk[] =>
  distinct(chunks).filter(({ hash }) => known.has(hash) || bought.has(hash));

/** Whether every chunk of the text has its vector. */
export const isComplete = (proposal: ProposedText): boolean =>
  withVectors(proposal).length === distinct(proposal.chunks).length;

/** Each chunk's share of the text, in estimated tokens, by its hash. */
export function weightsOf(chunks: readonly Chunk[]): Map<string, number> {
  const weights = new Map<string, number>();
  for (const { hash, approxTokens } of chunks) weights.set(hash, (weights.get(hash) ?? 0) + approxTokens);
  return weights;
}

/** The dimension of the vectors that were bought; undefined when none was. */
export function dimensionsOf({ bought }: ProposedText): number | undefined {
  const [first] = bought.values();
  return first?.length;
}

/** Returns at most `count` of the items, in their order, evenly spaced, starting with the first. */
export function sampleEvenly<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items];
  return items.filter(
    (_, at) => Math.floor((at * count) / items.length) !== Math.floor(((at - 1) * count) / items.length),
  );
}
