import type { WordsCompared, WordsTask } from '../domain/sentences/compare-words.ts';
import type { Batches } from '../embedding/batches.ts';
import type { EmbeddingMetrics } from '../embedding/metrics.ts';
import type { Database } from '../platform/postgres/database.ts';
import type { Share } from '../platform/shares/share.ts';
import type { Logger } from '../platform/telemetry/logging.ts';
import { createThreadPool, threadFile } from '../platform/threads/thread-pool.ts';
import type { GuardedEmbedding } from '../providers/embedding/guarded-embedding.ts';
import type { Guard } from '../providers/guard.ts';
import type { ProviderMetrics } from '../providers/metrics.ts';
import type { Cutter } from '../vectors/cutting/cutter.ts';
import { createBuyVectors } from './buy-vectors.ts';
import { compareProposal } from './comparison.ts';
import { createGate, type Gate } from './gate.ts';
import { createProposalVectors } from './vectors.ts';
import { createCompareWords } from './words.ts';

export interface CreateProposalsDeps {
  readonly database: Database;
  readonly guard: Guard;
  readonly embedding: GuardedEmbedding;
  readonly batches: Batches;
  readonly cutter: Pick<Cutter, 'cut'>;
  readonly metrics: Pick<EmbeddingMetrics, 'chunksBought'> & Pick<ProviderMetrics, 'callRefused'>;
  readonly log: Logger;
  /** How the threads are divided that compare the words of long texts. */
  readonly threads: Share;
  /** The most chunks that one proposal buys. */
  readonly maxChunks: number;
  /** Timeout of one attempt at the provider, in milliseconds. */
  readonly attemptTimeoutMs: number;
  /** How long a proposal waits for its verdict in all, in milliseconds. */
  readonly timeoutMs: number;
}

/** The words of the longest texts are compared within two seconds; this is for a machine that has other things to do. */
const wordsTimeoutMs = 10_000;

/** Wires the proposal gate. `close` ends its threads and answers how many texts were being compared. */
export function createProposals(deps: CreateProposalsDeps): {
  readonly gate: Gate;
  readonly close: () => Promise<number>;
} {
  const { log, timeoutMs } = deps;
  const buy = createBuyVectors({ ...deps, timeoutMs: deps.attemptTimeoutMs });
  const vectors = createProposalVectors({ ...deps, buy });
  const threads = createThreadPool<WordsTask, WordsCompared>({
    file: threadFile('./compare-words-in-thread', import.meta.url),
    share: deps.threads,
    timeoutMs: wordsTimeoutMs,
  });
  const proposals = { ...vectors, compare: compareProposal, compareWords: createCompareWords({ threads }) };
  return { gate: createGate({ proposals, log, timeoutMs }), close: threads.close };
}
