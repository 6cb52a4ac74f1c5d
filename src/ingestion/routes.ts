import type { Actor } from '../domain/actor.ts';
import type { Problem } from '../platform/http/problem.ts';
import { type Reply, type Route, reply, route } from '../platform/http/route.ts';
import type { DocumentRequest, GivenDocument } from './document-request.ts';
import { oneDocument } from './given-document.ts';
import type { Job } from './jobs/job.ts';
import { maxFileBytes } from './limits.ts';
import { presentQueued, queueProblem } from './presentation.ts';
import type { Queued } from './queue-document.ts';
import { type DocumentBody, documentSchema, queuedReply, sameDocumentReply } from './schemas.ts';
import type { Ingestion } from './service.ts';

const tag = 'Ingestion';

/** POST /knowledge/ingest: makes articles of a document. */
export function ingestionRoutes({ ingestion }: { readonly ingestion: Ingestion }): Route[] {
  return [
    route({
      method: 'post',
      path: '/knowledge/ingest',
      role: 'orchestrator',
      tag,
      summary: 'Make articles of a document',
      description:
        'Give exactly one of `url`, `content` and, as the part `file` of a form, a file. The document is read and divided into parts in the background, the tenant’s model makes articles of each part, and each article goes through the comparison with existing ones. The text lies encrypted until the job ends, and 7 days longer where `retry` may help. What is fetched from an address has at most 5 MB, and a document at most 64 parts of some 12,000 characters: `document_too_large` comes before anything is paid. Answers do not name the document, so give `metadata` that you recognise it by. The same content, with the same `source_type` and `publish`, is not paid for twice: the answer is the job that there is, with 200. An address is fetched again once its job has ended; its articles are always drafts. A tenant may have 100 documents or 100 MB under way: more is answered with 429 and `Retry-After`.',
      body: documentSchema,
      upload: {
        maxBytes: maxFileBytes,
        description: 'The document: HTML, Markdown, plain text, PDF or DOCX',
        replaces: ['url', 'content'],
      },
      idempotent: true,
      replies: {
        200: {
          description: 'There is a job for this content already',
          schema: sameDocumentReply,
          headers: { Location: "The job's path" },
        },
        202: {
          description: 'The job is queued',
          schema: queuedReply,
          headers: { Location: "The job's path" },
        },
      },
      problems: ['no_api_key', 'url_forbidden', 'vault_unavailable'],
      async handle({ actor, body, upload, once }) {
        const given = oneDocument(body, upload);
        if (given.kind === 'problem') return given;
        const accepted = (job: Job) => presentAccepted(actor, job);
        const queued = await ingestion.queue(actor, requestOf(body, given), once(accepted));
        return presentOutcome(actor, queued);
      },
    }),
  ];
}

/** The request of a body. */
export function requestOf(body: DocumentBody, document: GivenDocument): DocumentRequest {
  return {
    document,
    title: body.title ?? null,
    sourceType: body.source_type,
    publish: body.publish,
    maxArticles: body.max_articles,
    metadata: body.metadata,
  };
}

/** The answer to a request for a document, alone or in a batch. */
export function presentOutcome(actor: Actor, queued: Queued): Reply | Problem {
  switch (queued.kind) {
    case 'queued':
      return presentAccepted(actor, queued.job);
    case 'already_queued':
    case 'already_completed':
      return reply(
        200,
        {
          data: presentQueued(actor.tenantId, queued.job),
          meta: {
            already_queued: queued.kind === 'already_queued',
            already_completed: queued.kind === 'already_completed',
          },
        },
        located(queued.job),
      );
    default:
      return queueProblem(queued);
  }
}

const presentAccepted = (actor: Actor, job: Job) =>
  reply(202, { data: presentQueued(actor.tenantId, job) }, located(job));

const located = ({ id }: Job) => ({ Location: `/api/v1/knowledge/ingestion-jobs/${id}` });
