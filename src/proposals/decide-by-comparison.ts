import type { Transaction } from '../platform/postgres/database.ts';
import type { CompareProposal, Comparison } from './comparison.ts';
import { findEqualText } from './comparison-read-model.ts';
import { type Decision, type Nearest, type ProposedArticle, verdictOn } from './decision.ts';
import { endComparison, limitComparison, lockProposals } from './store.ts';
import type { ProposedText } from './text.ts';

/** The most articles that a report shows. */
const maxNearest = 5;

/**
 * Decides on a proposal by comparing it with the tenant's articles. One proposal of a tenant is compared at a time, in
 * all processes, so that of two similar ones the second sees the first. `leftMs` gives the milliseconds that are left.
 * Throws when a statement fails or the time is up.
 */
export async function decideByComparison(
  compare: CompareProposal,
  tx: Transaction,
  tenantId: string,
  {
    article,
    proposal,
    leftMs,
  }: {
    readonly article: ProposedArticle;
    readonly proposal: ProposedText;
    readonly leftMs: () => number;
  },
): Promise<Decision> {
  await lockProposals(tx, tenantId, leftMs());
  const [, equal, { similar, ofAllText }] = await Promise.all([
    limitComparison(tx, leftMs()),
    findEqualText(tx, tenantId, article),
    compare(tx, tenantId, proposal),
  ]);
  await endComparison(tx);
  const nearest = rank(equal, similar);
  const [best] = nearest;
  if (best === undefined) {
    return { kind: 'new', report: { verdict: 'novel', similarity: null, nearest, reason: null } };
  }
  const { similarity } = best;
  // Equal hashes mean equal texts, however little of them was compared.
  const verdict = verdictOn(similarity, ofAllText || equal !== undefined);
  if (verdict === 'duplicate') {
    return { kind: 'duplicate', of: best.id, report: { verdict, similarity, nearest, reason: null } };
  }
  return { kind: 'new', report: { verdict, similarity, nearest, reason: null } };
}

/** The nearest articles, the one with the same text first. */
function rank(
  equal: { readonly id: string; readonly title: string } | undefined,
  similar: Comparison['similar'],
): Nearest[] {
  const others = similar
    .filter(({ articleId }) => articleId !== equal?.id)
    .map(({ articleId, title, similarity }) => ({ id: articleId, title, similarity }));
  return [...(equal ? [{ ...equal, similarity: 1 }] : []), ...others].slice(0, maxNearest);
}
