import { type Chunk, chunkerVersion } from '../domain/chunks.ts';
import type { Transaction } from '../platform/postgres/database.ts';
import { listChunkVectors } from '../vectors/chunk-store.ts';
import { nearestArticles } from '../vectors/nearest.ts';
import { targets } from '../vectors/spaces.ts';
import { affordable, comparable } from './comparison-budget.ts';
import { listBestCosines, readComparisonCost } from './comparison-read-model.ts';
import { similarity } from './similarity.ts';
import {
  dimensionsOf,
  hashesOf,
  type ProposedText,
  passages,
  sampleEvenly,
  weightsOf,
  withVectors,
} from './text.ts';

/** A published article and how much of a proposal it already says. */
export interface SimilarArticle {
  readonly articleId: string;
  readonly title: string;
  readonly similarity: number;
}

/**
 * The most chunks of a proposal that are looked up in the index. They are enough, because an article that is similar to
 * the proposal is near most of its chunks.
 */
const maxProbes = 8;
/** The most articles that are found near one chunk, and the most that are then compared in full. */
const maxCandidates = 8;

/** Compares the vectors of a proposal with those of the tenant's published articles. Best first. */
export type CompareProposal = (
  tx: Transaction,
  tenantId: string,
  proposal: ProposedText,
) => Promise<SimilarArticle[]>;

/**
 * Finds the articles near some of the proposal's chunks by the index, then compares their chunks with all of the
 * proposal's, or with as many as the budget of a comparison allows.
 */
export const compareProposal: CompareProposal = async (tx, tenantId, proposed) => {
  const proposal = { ...proposed, chunks: passages(proposed.chunks) };
  const chunks = comparable(withVectors(proposal));
  const spaceId = proposal.spaceId ?? (await findSpaceOf(tx, tenantId, proposal));
  if (spaceId === undefined || chunks.length === 0) return [];

  const weights = weightsOf(proposal.chunks);
  const articleIds = await findCandidates(tx, tenantId, spaceId, { proposal, compared: chunks, weights });
  if (articleIds.length === 0) return [];
  const cost = await readComparisonCost(tx, tenantId, { spaceId, articleIds, hashes: hashesOf(chunks) });
  const compared = affordable(chunks, cost);
  const hashes = new Set(hashesOf(compared));
  const articles = await listBestCosines(tx, tenantId, {
    spaceId,
    articleIds,
    known: [...hashes].filter((hash) => !proposal.bought.has(hash)),
    bought: new Map([...proposal.bought].filter(([hash]) => hashes.has(hash))),
  });
  const similar = articles.map(({ articleId, title, cosines }) => ({
    articleId,
    title,
    similarity: similarity(
      proposal.target.model,
      [...cosines].map(([hash, cosine]) => ({ weight: weights.get(hash) ?? 0, cosine })),
    ),
  }));
  return similar.sort((a, b) => b.similarity - a.similarity);
};

/**
 * Finds the space of a proposal that was embedded when its tenant had none; undefined when none was created meanwhile.
 */
async function findSpaceOf(
  tx: Transaction,
  tenantId: string,
  proposal: ProposedText,
): Promise<string | undefined> {
  const spaces = await targets(tx, tenantId, { target: proposal.target, chunkerVersion });
  return spaces.find(({ dimensions }) => dimensions === dimensionsOf(proposal))?.id;
}

/** Finds the articles that are near most of the proposal, by looking up some of its chunks in the index. */
async function findCandidates(
  tx: Transaction,
  tenantId: string,
  spaceId: string,
  {
    proposal,
    compared,
    weights,
  }: {
    readonly proposal: ProposedText;
    readonly compared: readonly Chunk[];
    readonly weights: ReadonlyMap<string, number>;
  },
): Promise<string[]> {
  const probes = hashesOf(sampleEvenly(compared, maxProbes));
  const stored = probes.filter((hash) => !proposal.bought.has(hash));
  const vectors = new Map([
    ...proposal.bought,
    ...(stored.length > 0 ? await listChunkVectors(tx, tenantId, spaceId, stored) : []),
  ]);
  const scores = new Map<string, number>();
  await Promise.all(
    probes.map(async (hash) => {
      const vector = vectors.get(hash);
      if (vector === undefined) return;
      const near = await nearestArticles(tx, tenantId, { spaceId, vector, limit: maxCandidates });
      for (const { articleId, similarity: cosine } of near) {
        scores.set(articleId, (scores.get(articleId) ?? 0) + cosine * (weights.get(hash) ?? 0));
      }
    }),
  );
  return [...scores]
    .sort(([, a], [, b]) => b - a)
    .slice(0, maxCandidates)
    .map(([articleId]) => articleId);
}
