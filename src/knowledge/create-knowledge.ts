import { type ArticleIndex, createArticleIndex } from './article-index.ts';
import { type Context, type ContextDeps, createContext } from './context.ts';

import { createPipeline, type Pipeline } from './pipeline.ts';

/** What is read across the rooms: the list of all articles, the best of them for a question, and how the background work goes. */
export interface Knowledge {
  readonly articleIndex: ArticleIndex;
  readonly context: Context;
  readonly pipeline: Pipeline;
}

/** Wires the read views. */
export function createKnowledge({ database, search }: ContextDeps): Knowledge {
  return {
    articleIndex: createArticleIndex({ database }),
    context: createContext({ database, search }),
    pipeline: createPipeline({ database }),
  };
}
