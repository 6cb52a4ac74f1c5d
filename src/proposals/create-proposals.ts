import type { Batches } from '../embedding/batches.ts';
import type { EmbeddingMetrics } from '../embedding/metrics.ts';
import type { Database } from '../platform/postgres/database.ts';
import type { Logger } from '../platform/telemetry/logging.ts';
import type { GuardedEmbedding } from '../providers/embedding/guarded-embedding.ts';
import type { Guard } from '../providers/guard.ts';
import type { ProviderMetrics } from '../providers/metrics.ts';
import type { Cutter } from '../vectors/cutting/cutter.ts';
import { createBuyVectors } from './buy-vectors.ts';
import { compareProposal } from './comparison.ts';
import { createGate, type Gate } from './gate.ts';
import { createProposalVectors } from './vectors.ts';

export interface CreateProposalsDeps {
  readonly database: Database;
  readonly guard: Guard;
  readonly embedding: GuardedEmbedding;
  readonly batches: Batches;
  readonly cutter: Pick<Cutter, 'cut'>;
  readonly metrics: Pick<EmbeddingMetrics, 'chunksBought'> & Pick<ProviderMetrics, 'callRefused'>;
  readonly log: Logger;
  /** The most chunks that one proposal buys. */
  readonly maxChunks: number;
  /** Timeout of one attempt at the provider, in milliseconds. */
  readonly attemptTimeoutMs: number;
  /** How long a proposal waits for its verdict in all, in milliseconds. */
  readonly timeoutMs: number;
}

/** Wires the proposal gate. */
export function createProposals(deps: CreateProposalsDeps): { readonly gate: Gate } {
  const { log, timeoutMs } = deps;
  const buy = createBuyVectors({ ...deps, timeoutMs: deps.attemptTimeoutMs });
  const vectors = createProposalVectors({ ...deps, buy });
  return { gate: createGate({ proposals: { ...vectors, compare: compareProposal }, log, timeoutMs }) };
}
