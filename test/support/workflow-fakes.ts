import type { Activities } from '../../activities/index.ts';
import type { ClassifyArticleResult } from '../../src/domain/classify-article.ts';
import type { ArticleRef, EmbedArticleInput, EmbedArticleResult } from '../../src/domain/embed-article.ts';
import type { FailureCode } from '../../src/domain/failures.ts';
import {
  classifyArticleWorkflowId,
  embedArticleWorkflowId,
  signals,
  workflowTypes,
} from '../../src/domain/temporal-names.ts';
import type { WorkflowTest } from './workflow-environment.ts';

/** Activities that remember their calls; each answer may be replaced. */
export function fakes(replaced: Partial<Activities> = {}) {
  const calls: string[] = [];
  const given: FailureCode[] = [];
  const answers: Partial<Activities> = {
    resolveEmbeddingKey: async () => ({
      kind: 'reference',
      key: { provider: 'embedding', model: 'm', keyVersion: 1, targetId: 't' },
    }),
    checkContentHash: async () => ({ kind: 'missing', contentHash: 'h', missingChunks: 1 }),
    generateEmbedding: async () => ({ kind: 'embedded', chunks: 1, inputTokens: 5 }),
    embedArticle: async () => ({ kind: 'embedded', model: 'm', chunks: 1, inputTokens: 5 }),
    recordUsage: async () => undefined,
    giveUp: async ({ code }) => void given.push(code),
    classifyArticle: async () => ({ kind: 'classified' }),
    giveUpClassification: async ({ code }) => void given.push(code),
    ...replaced,
  };
  const activities = new Proxy(answers, {
    get(target, name, receiver) {
      const answer: unknown = Reflect.get(target, name, receiver);
      if (typeof answer !== 'function') return answer;
      return (...args: unknown[]): unknown => {
        calls.push(String(name));
        return Reflect.apply(answer, undefined, args);
      };
    },
  });
  return { activities, calls, given, count: (name: string) => calls.filter((call) => call === name).length };
}

/** Answers one value after the other, and the last for ever; an error is thrown. */
export const sequence = <T extends object>(...values: readonly (T | Error)[]) => {
  const left = [...values];
  return async (): Promise<T> => {
    const value = left.length > 1 ? left.shift() : left[0];
    if (value === undefined) throw new Error('nothing to answer');
    if (value instanceof Error) throw value;
    return value;
  };
};

/** Signals the article's workflow, or starts it, as the service does. */
export function startEmbedArticle(test: WorkflowTest, taskQueue: string, ref: EmbedArticleInput) {
  return test.env.client.workflow.signalWithStart<(input: EmbedArticleInput) => Promise<EmbedArticleResult>>(
    workflowTypes.embedArticle,
    {
      taskQueue,
      workflowId: embedArticleWorkflowId(ref.tenantId, ref.articleId),
      args: [ref],
      signal: signals.articleChanged,
      signalArgs: [],
    },
  );
}

/** Signals the workflow that classifies the article, or starts it, as the service does. */
export function startClassifyArticle(test: WorkflowTest, taskQueue: string, ref: ArticleRef) {
  return test.env.client.workflow.signalWithStart<(input: ArticleRef) => Promise<ClassifyArticleResult>>(
    workflowTypes.classifyArticle,
    {
      taskQueue,
      workflowId: classifyArticleWorkflowId(ref.tenantId, ref.articleId),
      args: [ref],
      signal: signals.jobChanged,
      signalArgs: [],
    },
  );
}
