import { type ArticleIndex, createArticleIndex } from './article-index.ts';
import { type Context, type ContextDeps, createContext } from './context.ts';

/** What an agent reads: the list of all articles, and the best of them for a question. */
export interface Knowledge {
  readonly articleIndex: ArticleIndex;
  readonly context: Context;
}

/** Wires the read views. */
export function createKnowledge({ database, search }: ContextDeps): Knowledge {
  return {
    articleIndex: createArticleIndex({ database }),
    context: createContext({ database, search }),
  };
}
