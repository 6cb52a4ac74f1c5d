import type { Transaction } from '../platform/postgres/database.ts';
import type { CompareProposal, SimilarArticle } from './comparison.ts';
import { type Decision, type Nearest, type ProposedArticle, verdictOn } from './decision.ts';
import { endComparison, limitComparison, lockProposals } from './store.ts';
import type { ProposedText } from './text.ts';
import type { CompareWords, TextsCompared, WordsFound } from './words.ts';

/** The most articles that a report shows. */
const maxNearest = 5;

/** The two comparisons of a proposal: by vectors, and by words. */
export interface Comparisons {
  readonly compare: CompareProposal;
  readonly compareWords: CompareWords;
}

/** Long texts are to be compared before the decision, while no connection is held. */
export type WordsFirst = Extract<WordsFound, { kind: 'long' }>;

/**
 * Decides on a proposal by comparing it with the tenant's articles: it is a duplicate only of an article that says its words. One
 * proposal of a tenant is compared at a time, in all processes, so that of two alike the second sees the first. `leftMs` gives the
 * milliseconds that are left. Where long texts are to be compared, it decides nothing until they are: `before` is what was found. Throws when a statement fails or the time is up.
 */
export async function decideByComparison(
  { compare, compareWords }: Comparisons,
  tx: Transaction,
  tenantId: string,
  {
    article,
    proposal,
    before,
    leftMs,
  }: {
    readonly article: ProposedArticle;
    readonly proposal: ProposedText;
    readonly before: TextsCompared | undefined;
    readonly leftMs: () => number;
  },
): Promise<Decision | WordsFirst> {
  await lockProposals(tx, tenantId, leftMs());
  const [, similar] = await Promise.all([limitComparison(tx, leftMs()), compare(tx, tenantId, proposal)]);
  const found = await compareWords(tx, tenantId, { article, proposal, similar, before, leftMs });
  await endComparison(tx);
  if (found.kind === 'long') return found;
  const { saidBy, differs } = found;
  const nearest = rank(saidBy, similar);
  if (saidBy !== undefined) {
    const report = { verdict: 'duplicate', similarity: 1, nearest, reason: null } as const;
    return { kind: 'duplicate', of: saidBy.id, report };
  }
  const similarity = nearest[0]?.similarity ?? null;
  const verdict = similarity === null ? 'novel' : verdictOn(similarity);
  const shown = verdict === 'low_novelty' && differs.length > 0 ? { differs } : {};
  return { kind: 'new', report: { verdict, similarity, nearest, ...shown, reason: null } };
}

/** The nearest articles, first the one that says all of it: its similarity is 1, whatever the vectors say. */
function rank(
  saidBy: Extract<WordsFound, { kind: 'compared' }>['saidBy'],
  similar: readonly SimilarArticle[],
): Nearest[] {
  const others = similar
    .filter(({ articleId }) => articleId !== saidBy?.id)
    .map(({ articleId, title, similarity }) => ({ id: articleId, title, similarity }));
  return [...(saidBy ? [{ ...saidBy, similarity: 1 }] : []), ...others].slice(0, maxNearest);
}
