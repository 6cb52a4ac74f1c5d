import type { Transaction } from '../platform/postgres/database.ts';
import type { Comparison } from './comparison.ts';
import type { Judgement, Keep, Nearest, Wanted } from './decision.ts';
import { endComparison, findEqualText, limitComparison, takeTurn } from './gate-store.ts';
import type { ProposedText } from './text.ts';
import type { Proposals } from './vectors.ts';
import { verdictOn } from './verdict.ts';

/** Articles that the author is told of. */
const maxNearest = 5;

export interface CompareOptions {
  readonly proposal: ProposedText;
  readonly keep: Keep;
  /** What is left of the author's patience. */
  readonly leftMs: () => number;
}

/**
 * Holds a proposal against the tenant's articles, in its turn among the tenant's proposals in all processes. Fails where the
 * database does, or once there is no patience left.
 */
export async function compareInTurn(
  proposals: Pick<Proposals, 'compare'>,
  tx: Transaction,
  tenantId: string,
  wanted: Wanted,
  { proposal, keep, leftMs }: CompareOptions,
): Promise<Judgement> {
  await takeTurn(tx, tenantId, leftMs());
  const [, equal, { similar, ofAllText }] = await Promise.all([
    limitComparison(tx, leftMs()),
    findEqualText(tx, tenantId, wanted),
    proposals.compare(tx, tenantId, proposal),
  ]);
  await endComparison(tx);
  const nearest = rank(equal, similar);
  const [best] = nearest;
  if (best === undefined) {
    return { kind: 'new', report: { verdict: 'novel', similarity: null, nearest, reason: null }, keep };
  }
  const { similarity } = best;
  // Equal hashes are equal texts, however little of them was compared.
  const verdict = verdictOn(similarity, ofAllText || equal !== undefined);
  if (verdict === 'duplicate') {
    return { kind: 'duplicate', of: best.id, report: { verdict, similarity, nearest, reason: null } };
  }
  return { kind: 'new', report: { verdict, similarity, nearest, reason: null }, keep };
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
