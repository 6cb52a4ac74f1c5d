import { type Chunk, chunkerVersion } from '../domain/chunks.ts';
import { type ProviderTarget, targetIdOf } from '../domain/provider-target.ts';
import { likelyTokens, tokensAroundInput } from '../domain/token-bound.ts';
import type { Database, Transaction } from '../platform/postgres/database.ts';
import type { CallResult } from '../providers/call.ts';
import type { EmbeddingProfiles } from '../providers/embedding/profiles.ts';
import type { Usage } from '../usage/service.ts';
import { notePass, noteRefusal, type StoredRefusal } from '../vectors/refusals/chunk-refusals.ts';
import { type BatchLimits, nextBatch } from '../vectors/refusals/next-batch.ts';
import type { RefusalCause } from '../vectors/refusals/refusal.ts';

/** The chunks of the next call. */
export interface PlannedBatch {
  readonly chunks: readonly Chunk[];
  /** How often in a row the provider has failed on them. */
  readonly failures: number;
  /** Whether it has answered other calls since, so that it is the text on which it fails. */
  readonly isWell: boolean;
  /** Whether one of them was in a refused batch. */
  readonly wereRefused: boolean;
  /** What they will likely cost, in tokens. */
  readonly tokens: number;
  /** The most that one call takes. */
  readonly limits: BatchLimits;
}

/** Chunks without a vector, and what is known of them. */
export interface ChunksToSend {
  readonly target: ProviderTarget;
  readonly keyVersion: number;
  readonly chunks: readonly Chunk[];
  readonly refusals: ReadonlyMap<string, StoredRefusal>;
  /** The most chunks of a call, whatever the provider takes. */
  readonly maxChunks: number;
}

/** The sizes of calls: a refused batch is halved until one text is refused alone, and the size that passes is remembered. */
export interface Batches {
  /** Chooses the chunks of the next call. */
  next(tx: Transaction, tenantId: string, lacking: ChunksToSend): Promise<PlannedBatch>;
  /**
   * Remembers that these chunks of the batch were refused in one call. `divided`: the next call for them is smaller, or none is
   * made. `unrelated`: the failure says nothing about them.
   */
  refused(
    tenantId: string,
    target: ProviderTarget,
    refused: { readonly sent: readonly Chunk[]; readonly isWell: boolean; readonly failure: FailedCall },
  ): Promise<'divided' | 'same_size' | 'unrelated'>;
  /** Forgets refusals of chunks that have passed in one call, in the transaction that stores their vectors. */
  passed(tx: Transaction, tenantId: string, target: ProviderTarget, sent: readonly Chunk[]): Promise<void>;
}

type FailedCall = Extract<CallResult<unknown>, { readonly kind: 'failed' }>;

/** Creates the sizes of calls. */
export function createBatches(deps: {
  readonly database: Pick<Database, 'withTenant'>;
  readonly usage: Pick<Usage, 'isWell'>;
  readonly profiles: Pick<EmbeddingProfiles, 'profileOf' | 'rememberLimit'>;
}): Batches {
  const { database, usage, profiles } = deps;
  return {
    async next(tx, tenantId, { target, keyVersion, chunks, refusals, maxChunks }) {
      const { maxInputs, maxRequestTokens } = await profiles.profileOf(tx, tenantId, target);
      const limits = { maxChunks: Math.min(maxChunks, maxInputs ?? maxChunks), maxTokens: maxRequestTokens };
      const batch = nextBatch(chunks, refusals, limits, tokensOf);
      const known = batch.chunks.flatMap(({ hash }) => refusals.get(hash) ?? []);
      const since = known.flatMap(({ failingSince }) => failingSince ?? []).toSorted(byTime)[0];
      const key = { provider: 'embedding', keyVersion } as const;
      const isWell =
        batch.failures > 0 && since !== undefined && (await usage.isWell(tx, tenantId, key, since));
      return { ...batch, isWell, wereRefused: known.length > 0, tokens: sumTokens(batch.chunks), limits };
    },

    async refused(tenantId, target, { sent, isWell, failure }) {
      const cause = causeOf(failure);
      if (cause === undefined) return 'unrelated';
      const isDivided = await database.withTenant(tenantId, (tx) =>
        noteRefusal(tx, tenantId, kindOf(target, sent), { cause, isWell }),
      );
      return isDivided ? 'divided' : 'same_size';
    },

    async passed(tx, tenantId, target, sent) {
      const learned = await notePass(tx, tenantId, kindOf(target, sent), sumTokens(sent));
      if (learned === undefined) return;
      const { maxInputs, maxRequestTokens } = await profiles.profileOf(tx, tenantId, target);
      if (learned.of === 'inputs' && (maxInputs === null || learned.most < maxInputs))
        await profiles.rememberLimit(tx, tenantId, targetIdOf(target), { maxInputs: learned.most });
      if (learned.of === 'tokens' && (maxRequestTokens === null || learned.most < maxRequestTokens))
        await profiles.rememberLimit(tx, tenantId, targetIdOf(target), { maxRequestTokens: learned.most });
    },
  };
}

/** What a failure says about the chunks of the call, if it says anything. */
function causeOf({ code, hint }: FailedCall): RefusalCause | undefined {
  switch (hint?.kind) {
    case 'too_many_inputs':
    case 'too_many_tokens':
    case 'input':
      return code === 'input_rejected' ? hint.kind : undefined;
    case 'server_error':
      return hint.kind;
    case 'parameter':
    case 'daily_quota':
    case 'other_dimensions':
    case undefined:
      return undefined;
    default:
      return hint satisfies never;
  }
}

const byTime = (a: Date, b: Date) => a.getTime() - b.getTime();

const tokensOf = (text: string) => likelyTokens(text) + tokensAroundInput;

const sumTokens = (chunks: readonly Chunk[]) => chunks.reduce((sum, { input }) => sum + tokensOf(input), 0);

const kindOf = (target: ProviderTarget, chunks: readonly Chunk[]) => ({
  kind: { target, chunkerVersion },
  hashes: chunks.map(({ hash }) => hash),
});
