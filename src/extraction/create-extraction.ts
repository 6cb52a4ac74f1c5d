import { deleteAnswers, deleteUnusable, findAnswer } from './answer-store.ts';
import { type AskDeps, createAsk } from './ask.ts';
import type { Extraction } from './extraction.ts';
import { createMakeArticles, type MakeArticlesDeps } from './make-articles.ts';
import { sumOutcomes } from './outcome-store.ts';

/** Wires the extraction of articles from texts. */
export function createExtraction(deps: AskDeps & MakeArticlesDeps): Extraction {
  return {
    find: (tx, passage) => findAnswer(tx, passage.subject.tenantId, passage),
    ask: createAsk(deps),
    makeArticles: createMakeArticles(deps),
    articlesOf: (tx, subject) => sumOutcomes(tx, subject.tenantId, subject),
    reopen: (tx, subject) => deleteUnusable(tx, subject.tenantId, subject),
    forget: (tx, subject) => deleteAnswers(tx, subject.tenantId, subject),
  };
}
