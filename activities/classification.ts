import type { ClassifyArticleSteps } from '../src/articles/classification/classify-article.ts';
import type { ClassificationStep } from '../src/domain/classify-article.ts';
import type { ArticleRef } from '../src/domain/embed-article.ts';
import type { FailureCode } from '../src/domain/failures.ts';
import { orThrow } from './or-throw.ts';

/** The services behind the activities of the classification of articles. */
export interface ClassificationDeps {
  readonly classifySteps: ClassifyArticleSteps;
}

/** The activities of the classification of articles. */
export interface ClassificationActivities {
  /** Makes one guarded call for the category of an article and stores the answer. */
  classifyArticle(input: ArticleRef & { readonly tries?: number }): Promise<ClassificationStep>;
  /** Sets the classification's status and reason after the workflow has given up. */
  giveUpClassification(input: ArticleRef & { readonly code: FailureCode }): Promise<void>;
}

/** Creates the activities of the classification of articles. */
export function createClassificationActivities({
  classifySteps,
}: ClassificationDeps): ClassificationActivities {
  return {
    classifyArticle: async ({ tries, ...article }) => orThrow(await classifySteps.classify(article, tries)),
    giveUpClassification: ({ code, ...article }) => classifySteps.giveUpClassification(article, code),
  };
}
