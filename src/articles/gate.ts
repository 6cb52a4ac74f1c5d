import type { ArticleSource } from '../domain/article-text.ts';
import type { Failure, FailureCode } from '../domain/failures.ts';
import type { GateVerdict } from '../domain/gate.ts';
import type { Comparison, Proposals, ProposedText } from '../embedding/ports.ts';
import type { Logger } from '../platform/logging.ts';
import type { Transaction } from '../platform/postgres.ts';
import { createTurns } from '../platform/turns.ts';
import { beginComparison, endComparison, findEqualText } from './gate-store.ts';
import { verdictOn } from './verdict.ts';

/** An article that is there already, and how much of the proposal it says. */
export interface Nearest {
  readonly id: string;
  readonly title: string;
  readonly similarity: number;
}

/** What the gate said of a proposal, as its author is told. */
export interface GateReport {
  readonly verdict: GateVerdict;
  /** That of the nearest article; null where there is none, or where nothing was compared. */
  readonly similarity: number | null;
  /** Best first. */
  readonly nearest: readonly Nearest[];
  /** Why it could not tell. */
  readonly reason: FailureCode | null;
  readonly retryAt?: Date;
}

interface WrittenArticle {
  readonly id: string;
  readonly contentHash: string;
  readonly published: boolean;
}

/** The gate's answer inside the transaction of the write. */
export type Judgement =
  /** Nothing is to be created: this article says it. */
  | { readonly kind: 'duplicate'; readonly of: string; readonly report: GateReport }
  | {
      readonly kind: 'new';
      readonly report: GateReport & { readonly verdict: Exclude<GateVerdict, 'duplicate'> };
      /** Stores what was paid for with the article that was created. */
      keep(tx: Transaction, article: WrittenArticle): Promise<void>;
    };

export type Judge = (tx: Transaction, contentHash: string) => Promise<Judgement>;

export interface Gate {
  /**
   * Embeds a proposal and runs its write, which asks the judge before it creates anything. Whatever fails in between costs the
   * verdict, not the article: the write is then run with a judge that cannot tell.
   */
  propose<T>(tenantId: string, text: ArticleSource, write: (judge: Judge) => Promise<T>): Promise<T>;
  /** The judge of an author who does not ask. */
  readonly skip: Judge;
}

export interface GateDeps {
  readonly proposals: Proposals;
  readonly log: Logger;
  /** All that a proposal waits for its turn in the database and for one statement of its comparison. */
  readonly patienceMs: number;
}

/** Articles that the author is told of. */
const maxNearest = 5;

/** Rolls the write back, so that it is run again without the gate. */
class GateFailed extends Error {
  override readonly name = 'GateFailed';
}

/** The proposal gate: does an article say this already? */
export function createGate({ proposals, log, patienceMs }: GateDeps): Gate {
  const turns = createTurns();

  const compare = async (
    tx: Transaction,
    tenantId: string,
    contentHash: string,
    proposal: ProposedText,
  ): Promise<Judgement> => {
    await beginComparison(tx, tenantId, patienceMs);
    const [equal, { similar, ofAllText }] = await Promise.all([
      findEqualText(tx, tenantId, contentHash),
      proposals.compare(tx, tenantId, proposal),
    ]);
    await endComparison(tx);
    const nearest = rank(equal, similar);
    const keep = (writing: Transaction, article: WrittenArticle) =>
      orGateFailed(proposals.keep(writing, tenantId, article, proposal));
    const [best] = nearest;
    if (best === undefined) {
      return {
        kind: 'new',
        report: { verdict: 'novel', similarity: null, nearest, reason: null },
        keep,
      };
    }
    const { similarity } = best;
    // Equal hashes are equal texts, however little of them was compared.
    const verdict = verdictOn(similarity, ofAllText || equal !== undefined);
    if (verdict === 'duplicate') {
      return { kind: 'duplicate', of: best.id, report: { verdict, similarity, nearest, reason: null } };
    }
    return { kind: 'new', report: { verdict, similarity, nearest, reason: null }, keep };
  };

  return {
    async propose(tenantId, text, write) {
      const embedded = await proposals.embed(tenantId, text);
      if (embedded.kind === 'failed') return write(cannotTell(embedded));
      return turns.take(tenantId, async () => {
        try {
          return await write((tx, contentHash) =>
            orGateFailed(compare(tx, tenantId, contentHash, embedded.proposal)),
          );
        } catch (error) {
          if (!(error instanceof GateFailed)) throw error;
          log.error(
            { error: error.cause, tenant_id: tenantId },
            'the proposal gate failed and let one through',
          );
          return write(cannotTell({ code: 'internal' }));
        }
      });
    },
    skip: async () => ({
      kind: 'new',
      report: { verdict: 'skipped', similarity: null, nearest: [], reason: null },
      keep: nothingToKeep,
    }),
  };
}

const nothingToKeep = async () => undefined;

/** The judge of a proposal without vectors. */
function cannotTell({ code, retryAfterMs }: Failure): Judge {
  const report = {
    verdict: 'unknown' as const,
    similarity: null,
    nearest: [],
    reason: code,
    ...(retryAfterMs === undefined ? {} : { retryAt: new Date(Date.now() + retryAfterMs) }),
  };
  return async () => ({ kind: 'new', report, keep: nothingToKeep });
}

/** The nearest articles, the one with the same text before all others. */
function rank(
  equal: { readonly id: string; readonly title: string } | undefined,
  similar: Comparison['similar'],
): Nearest[] {
  const others = similar
    .filter(({ articleId }) => articleId !== equal?.id)
    .map(({ articleId, title, similarity }) => ({ id: articleId, title, similarity }));
  return [...(equal ? [{ ...equal, similarity: 1 }] : []), ...others].slice(0, maxNearest);
}

async function orGateFailed<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new GateFailed('', { cause: error });
  }
}
