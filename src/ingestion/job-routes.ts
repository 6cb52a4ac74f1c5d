import { encodeCursor } from '../platform/http/cursor.ts';
import { type Route, reply, route } from '../platform/http/route.ts';
import type { JobWithTotals } from './jobs/job.ts';
import { changeProblem, noSuchJob, presentDetails, presentJob } from './presentation.ts';
import { jobDetailsReply, jobIdSchema, jobListReply, jobListSchema, jobReply } from './schemas.ts';
import type { Ingestion } from './service.ts';

const tag = 'Ingestion';

/** The routes of the jobs that make articles of documents. */
export function ingestionJobRoutes({ ingestion }: { readonly ingestion: Ingestion }): Route[] {
  const list = route({
    method: 'get',
    path: '/knowledge/ingestion-jobs',
    role: 'orchestrator',
    tag,
    summary: 'List ingestion jobs, newest first',
    query: jobListSchema,
    replies: { 200: { description: 'A page of jobs', schema: jobListReply } },
    problems: [],
    async handle({ actor, query }) {
      const { source_type: sourceType, cursor: after, ...filter } = query;
      const page = await ingestion.list(actor.tenantId, { ...filter, sourceType, after });
      return reply(200, {
        data: page.jobs.map((job) => presentJob(actor.tenantId, job)),
        meta: { next_cursor: page.next ? encodeCursor(page.next) : null },
      });
    },
  });

  const get = route({
    method: 'get',
    path: '/knowledge/ingestion-jobs/:id',
    role: 'orchestrator',
    tag,
    summary: 'Read an ingestion job, with the progress of its parts',
    params: jobIdSchema,
    replies: { 200: { description: 'The job', schema: jobDetailsReply } },
    problems: ['not_found'],
    async handle({ actor, params }) {
      const details = await ingestion.get(actor.tenantId, params.id);
      return details ? reply(200, { data: presentDetails(actor.tenantId, details) }) : noSuchJob();
    },
  });

  const cancel = route({
    method: 'post',
    path: '/knowledge/ingestion-jobs/:id/cancel',
    role: 'orchestrator',
    tag,
    summary: 'Cancel an ingestion job',
    description:
      'It ends at once and its text is deleted. A call that is under way ends by itself; articles that were made stay.',
    params: jobIdSchema,
    idempotent: true,
    replies: { 200: { description: 'The job, cancelled', schema: jobReply } },
    problems: ['not_found', 'transition_not_allowed'],
    async handle({ actor, params, once }) {
      const cancelled = (job: JobWithTotals) => reply(200, { data: presentJob(actor.tenantId, job) });
      const changed = await ingestion.cancel(actor, params.id, once(cancelled));
      return changed.kind === 'ok' ? cancelled(changed.job) : changeProblem(changed);
    },
  });

  const retry = route({
    method: 'post',
    path: '/knowledge/ingestion-jobs/:id/retry',
    role: 'orchestrator',
    tag,
    summary: 'Ask again for what failed of an ingestion job',
    description:
      'For a job that is `failed` or `partial` and `retryable`. Parts that are done stay so and are not paid for again; the calls are paid by the API key that asks. The document is kept for 7 days after the job has ended.',
    params: jobIdSchema,
    idempotent: true,
    replies: { 202: { description: 'The job, queued again', schema: jobReply } },
    problems: ['not_found', 'transition_not_allowed', 'no_api_key'],
    async handle({ actor, params, once }) {
      const queued = (job: JobWithTotals) => reply(202, { data: presentJob(actor.tenantId, job) });
      const retried = await ingestion.retry(actor, params.id, once(queued));
      return retried.kind === 'ok' ? queued(retried.job) : changeProblem(retried);
    },
  });

  return [list, get, cancel, retry];
}
