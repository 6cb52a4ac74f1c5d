import { randomUUID } from 'node:crypto';
import type { Activities } from '../../activities/index.ts';
import type { ExtractionResult, JobRef } from '../../src/domain/extract-content.ts';
import type { Finished, Prepared } from '../../src/domain/ingest-content.ts';
import { ingestContentWorkflowId, signals, workflowTypes } from '../../src/domain/temporal-names.ts';
import type { WorkflowTest } from './workflow-environment.ts';
import { fakes } from './workflow-fakes.ts';

/** A document of so many open parts. */
export const prepared = (parts: number): Prepared => ({
  kind: 'prepared',
  attempt: 1,
  open: Array.from({ length: parts }, (_, part) => ({ part, half: 0 })),
});

/** A job that has ended well. */
export const completed = {
  ...{ kind: 'finished', status: 'completed', code: null },
  ...{ parts: 1, articles: 2 },
} as const satisfies Finished;

/** The activities of a document of one part that goes well; each answer may be replaced. */
export const ingestionFakes = (replaced: Partial<Activities> = {}) =>
  fakes({
    prepareDocument: async () => prepared(1),
    extractPart: async () => ({ kind: 'extracted' }),
    makeArticles: async () => ({ kind: 'settled' }),
    showJobWait: async () => undefined,
    finishJob: async () => completed,
    ...replaced,
  });

/** Signals a job's workflow, or starts it, as the service does. */
export function startIngestContent(
  test: WorkflowTest,
  taskQueue: string,
  job: JobRef = { tenantId: randomUUID(), jobId: randomUUID() },
) {
  return test.env.client.workflow.signalWithStart<(input: JobRef) => Promise<ExtractionResult>>(
    workflowTypes.ingestContent,
    {
      taskQueue,
      workflowId: ingestContentWorkflowId(job.tenantId, job.jobId),
      args: [job],
      signal: signals.jobChanged,
      signalArgs: [],
    },
  );
}
