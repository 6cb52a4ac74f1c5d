import { z } from 'zod';
import { documentSchema, jobDetailsReply, jobIdSchema, queuedReply } from '../../ingestion/schemas.ts';
import { entriesWithin, maxContentTokens } from '../answer-bound.ts';
import { reads, tool } from '../tool.ts';

const queued = queuedReply.shape.data.pick({ id: true, status: true });

/** The tool `ingest`: a document or a page becomes articles. */
export const ingestTool = tool({
  name: 'ingest',
  title: 'Ingest a document',
  description:
    'Reads a text or the page at a public address (`content` or `url`, not both) and drafts articles from it. Use it for ' +
    'documents too long to rewrite by hand; for one piece of knowledge use `propose_article`. Costs model calls for the whole ' +
    "document on the tenant's Anthropic key; without one the answer is `no_api_key`. Returns at once with the id of a job: " +
    'ask `ingestion_status` until it ends. The same text twice gives the first job again and costs nothing; a page is read ' +
    'again once its job has ended. Articles from an address are drafts, and `publish` is refused there: a person publishes them.',
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: true },
  route: { method: 'post', path: '/knowledge/ingest' },
  input: documentSchema,
  output: z.object({
    job: queued,
    given_before: z.boolean().describe('Whether it is the job of the same document, given before'),
  }),
  async run(document, call) {
    const answer = await call({ method: 'post', path: '/knowledge/ingest', body: document });
    if (answer.kind === 'refused') return answer;
    const { data: job } = queuedReply.parse(answer.body);
    const isOld = answer.status === 200;
    return {
      kind: 'answer',
      summary: `${isOld ? 'This document was given before' : 'Accepted'}. Ask \`ingestion_status\` with the id of the job.`,
      data: { job, given_before: isOld },
    };
  },
});

const details = jobDetailsReply.shape.data;
const state = details.pick({
  ...{ id: true, status: true, code: true, who: true, next_step: true, next_attempt_at: true },
  ...{ retryable: true, notes: true, progress: true, articles: true },
});
const failedPart = details.shape.parts.element.pick({
  ...{ part: true, status: true, code: true, who: true, next_step: true },
});

/** The tool `ingestion_status`: how far a job is. */
export const ingestionStatusTool = tool({
  name: 'ingestion_status',
  title: 'Read the state of an ingestion',
  description:
    'Returns how far a job of `ingest` is: queued, running, completed, partial, failed or cancelled; how many parts are done, ' +
    'the ids of its articles, which `get_article` reads, and for each failed part its code and `next_step`. Costs nothing. ' +
    'Wait some seconds between two calls.',
  annotations: reads,
  route: { method: 'get', path: '/knowledge/ingestion-jobs/:id' },
  input: z.strictObject({ id: jobIdSchema.shape.id.describe('The id of the job, from `ingest`') }),
  output: z.object({
    ...state.shape,
    article_ids: details.shape.article_ids,
    failed_parts: z.array(failedPart),
    omitted: z.int().describe('Failed parts that did not fit'),
  }),
  async run({ id }, call) {
    const answer = await call({ method: 'get', path: '/knowledge/ingestion-jobs/:id', params: { id } });
    if (answer.kind === 'refused') return answer;
    const { data } = jobDetailsReply.parse(answer.body);
    const failed = data.parts.filter((part) => part.code !== null).map((part) => failedPart.parse(part));
    const { kept, omitted } = entriesWithin(failed, maxContentTokens / 2);
    const isOver = !['queued', 'running'].includes(data.status);
    return {
      kind: 'answer',
      summary: isOver ? 'The job has ended.' : 'The job goes on: ask again in some seconds.',
      data: { ...data, failed_parts: kept, omitted },
    };
  },
});
