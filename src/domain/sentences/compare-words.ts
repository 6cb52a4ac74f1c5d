import type { ArticleSource } from '../article-text.ts';
import { type Difference, differencesOf } from './differences.ts';
import { createUnsaid } from './said-by.ts';
import { type Statement, type Statements, statementsOf } from './statements.ts';

/** A proposal and the articles that may say the same words, the likeliest first. */
export interface WordsTask {
  readonly proposal: ArticleSource;
  readonly articles: readonly ArticleSource[];
}

/** What a comparison of the words has found. Articles are named by their place in the task. */
export type WordsCompared =
  /** This article says every statement of the proposal. */
  | { readonly kind: 'said'; readonly by: number }
  /** None does. `differs` are the passages of the article that says most of it; undefined where no article is near. */
  | {
      readonly kind: 'unsaid';
      readonly nearest: number | undefined;
      readonly differs: readonly Difference[];
    };

/**
 * Compares the words of a proposal with those of articles. It is pure, never fails, and its steps are as many as the texts are long. Only
 * statements that an article holds in the same form count as said: no wording is too near to be another.
 */
export function compareWords({ proposal, articles }: WordsTask): WordsCompared {
  const proposed = statementsOf(proposal);
  const unsaidBy = createUnsaid(proposed);
  let best: { at: number; unsaid: Statement[]; article: Statements } | undefined;
  for (const [at, each] of articles.entries()) {
    const article = statementsOf(each);
    const unsaid = unsaidBy(article);
    if (unsaid.length === 0) return { kind: 'said', by: at };
    if (best === undefined || unsaid.length < best.unsaid.length) best = { at, unsaid, article };
  }
  if (best === undefined) return { kind: 'unsaid', nearest: undefined, differs: [] };
  return { kind: 'unsaid', nearest: best.at, differs: differencesOf(best.unsaid, best.article.all) };
}
