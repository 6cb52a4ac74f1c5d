import { randomUUID } from 'node:crypto';
import type { Activities } from '../../activities/index.ts';
import type { ReviewRef } from '../../src/domain/extract-content.ts';
import type { ExtractReviewResult } from '../../src/domain/extract-review.ts';
import type { FailureCode } from '../../src/domain/failures.ts';
import { extractReviewWorkflowId, signals, workflowTypes } from '../../src/domain/temporal-names.ts';
import type { WorkflowTest } from './workflow-environment.ts';

/** The activities of a review with one passage, which remember their calls; each answer may be replaced. */
export function reviewFakes(replaced: Partial<Activities> = {}) {
  const calls: string[] = [];
  const answers: Partial<Activities> = {
    prepareReview: async () => ({ kind: 'ready', passages: [0] }),
    extractReviewPassage: async () => ({ kind: 'answered', articles: 1 }),
    draftReviewArticles: async () => ({ kind: 'drafted' }),
    finishReview: async ({ code }) => endedWith(code),
    ...replaced,
  };
  const activities = new Proxy(answers, {
    get(target, name, receiver) {
      const answer: unknown = Reflect.get(target, name, receiver);
      if (typeof answer !== 'function') return answer;
      return (...args: unknown[]): unknown => {
        calls.push(nameOfCall(String(name), args));
        return Reflect.apply(answer, undefined, args);
      };
    },
  });
  return { activities, calls };
}

const endedWith = (code: FailureCode | undefined): ExtractReviewResult =>
  code === undefined
    ? { outcome: 'completed', passages: 1, articles: 1 }
    : { outcome: 'failed', reason: code, passages: 0, articles: 0 };

/** The activity, and of a passage its number and half. */
function nameOfCall(name: string, [input]: unknown[]): string {
  const part = typeof input === 'object' && input !== null && 'part' in input ? input : undefined;
  if (part === undefined) return name;
  return `${name} ${part.part}.${'half' in part ? part.half : ''}`;
}

export const newReviewRef = (): ReviewRef => ({ tenantId: randomUUID(), reviewId: randomUUID() });

/** Signals the review's workflow, or starts it, as the service does. */
export function startExtractReview(test: WorkflowTest, taskQueue: string, ref = newReviewRef()) {
  return test.env.client.workflow.signalWithStart<(input: ReviewRef) => Promise<ExtractReviewResult>>(
    workflowTypes.extractReview,
    {
      taskQueue,
      workflowId: extractReviewWorkflowId(ref.tenantId, ref.reviewId),
      args: [ref],
      signal: signals.jobChanged,
      signalArgs: [],
    },
  );
}
