import { z } from 'zod';
import { beginningOf, jsonTokens, maxContentTokens } from '../answer-bound.ts';
import { reads, tool } from '../tool.ts';

const jobReply = z.object({
  data: z.looseObject({ id: z.string(), status: z.string() }),
});

/** The tool `ingest`: a document or a page becomes articles. */
export const ingestTool = tool({
  name: 'ingest',
  title: 'Ingest a document',
  description:
    'Reads a text or the page at a public https address and drafts articles from it. Use it for documents too long to rewrite ' +
    "by hand; for one piece of knowledge use `propose_article`. Costs model calls for the whole document on the tenant's " +
    'Anthropic key; without one the answer is `no_api_key`. Returns at once with the id of a job: ask `ingestion_status` ' +
    'until it ends. The same document twice gives the first job again. Articles from an address stay drafts.',
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: true },
  route: { method: 'post', path: '/knowledge/ingest' },
  input: z.strictObject({
    url: z.string().max(2_000).optional().describe('A public address; either this or `content`'),
    content: z.string().max(1_000_000).optional().describe('Markdown, HTML or plain text'),
    source_type: z.string().min(1).max(100).describe('What it is: meeting, design document, web page …'),
    publish: z.boolean().optional().describe('Publishes the articles instead of keeping drafts; text only'),
    metadata: z
      .record(z.string(), z.unknown())
      .optional()
      .describe('Your own fields, kept with the articles'),
  }),
  output: z.object({
    job_id: z.string(),
    status: z.string(),
    already_queued: z.boolean().describe('Whether the same document was given before'),
  }),
  async run(document, call) {
    const answer = await call({ method: 'post', path: '/knowledge/ingest', body: document });
    if (answer.kind === 'refused') return answer;
    const { data } = jobReply.parse(answer.body);
    const alreadyQueued = answer.status === 200;
    return {
      kind: 'answer',
      summary: `${alreadyQueued ? 'This document was given before' : 'Accepted'}. Ask \`ingestion_status\` with the job's id.`,
      data: { job_id: data.id, status: data.status, already_queued: alreadyQueued },
    };
  },
});

/** The tool `ingestion_status`: how far a job is. */
export const ingestionStatusTool = tool({
  name: 'ingestion_status',
  title: 'Read the state of an ingestion',
  description:
    'Returns how far a job of `ingest` is: queued, running, completed, partial, failed or cancelled, its parts, the ids of its ' +
    'articles, and codes with a `next_step` for what failed. Costs nothing. Wait some seconds between two calls.',
  annotations: reads,
  route: { method: 'get', path: '/knowledge/ingestion-jobs/:id' },
  input: z.strictObject({ job_id: z.uuid('must be a UUID').describe('The id that `ingest` has returned') }),
  output: z.object({
    job: z.record(z.string(), z.unknown()).describe('The job as the API shows it'),
    truncated: z.boolean().describe('Whether lists in it were shortened'),
  }),
  async run({ job_id }, call) {
    const answer = await call({
      method: 'get',
      path: '/knowledge/ingestion-jobs/:id',
      params: { id: job_id },
    });
    if (answer.kind === 'refused') return answer;
    const { data } = jobReply.parse(answer.body);
    const fits = jsonTokens(data) <= maxContentTokens;
    return {
      kind: 'answer',
      summary: `The job is ${beginningOf(data.status, 10)}.`,
      data: { job: fits ? data : shortened(data), truncated: !fits },
    };
  },
});

/** A job of very many parts without the lists that do not fit; their lengths tell how much there is. */
function shortened(job: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(job).map(([name, value]) => [
      name,
      Array.isArray(value) ? { entries: value.length, first: value.slice(0, 20) } : value,
    ]),
  );
}
