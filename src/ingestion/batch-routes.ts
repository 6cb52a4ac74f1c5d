import type { Actor } from '../domain/actor.ts';
import { guidanceOf } from '../domain/failures.ts';
import { parseBy } from '../platform/http/parse-request.ts';
import { type Problem, problemTraits } from '../platform/http/problem.ts';
import { type Route, reply, route } from '../platform/http/route.ts';
import { oneDocument } from './given-document.ts';
import { presentQueued, queueProblem } from './presentation.ts';
import type { Queued } from './queue-document.ts';
import { requestOf } from './routes.ts';
import { batchReply, batchSchema, documentSchema } from './schemas.ts';
import type { Ingestion } from './service.ts';

/** POST /knowledge/ingest/batch: several documents, each with an answer of its own. */
export function ingestionBatchRoutes({ ingestion }: { readonly ingestion: Ingestion }): Route[] {
  const queueItem = async (actor: Actor, item: unknown): Promise<Queued | Problem> => {
    const parsed = parseBy(documentSchema, item);
    if (parsed.kind === 'problem') return parsed;
    const document = oneDocument(parsed.value);
    if (document.kind === 'problem') return document;
    return ingestion.queue(actor, requestOf(parsed.value, document));
  };

  return [
    route({
      method: 'post',
      path: '/knowledge/ingest/batch',
      role: 'orchestrator',
      tag: 'Ingestion',
      summary: 'Make articles of several documents',
      description:
        'Up to 50 documents, as text or by address. Each is queued by itself and has an answer of its own, in the order of the items: one that is wrong costs none of the others. Sending the batch again pays for nothing twice.',
      body: batchSchema,
      idempotent: true,
      replies: { 200: { description: 'An answer for each item', schema: batchReply } },
      problems: ['no_api_key'],
      async handle({ actor, body }) {
        const answers: unknown[] = [];
        // One after the other: a batch takes one connection, and is stopped where all the others would be refused, too.
        for (const item of body.items) {
          const queued = await queueItem(actor, item);
          // Once items are queued, a key that is removed meanwhile is the answer of those after them.
          if (queued.kind === 'no_api_key' && answers.length === 0) return queueProblem(queued);
          answers.push(presentItem(actor, queued));
        }
        return reply(200, { data: answers });
      },
    }),
  ];
}

function presentItem(actor: Actor, answer: Queued | Problem) {
  switch (answer.kind) {
    case 'problem':
      return refusedItem(answer);
    case 'queued':
      return { status: 202, data: presentQueued(actor.tenantId, answer.job), meta: null, problem: null };
    case 'already_queued':
    case 'already_completed':
      return {
        status: 200,
        data: presentQueued(actor.tenantId, answer.job),
        meta: {
          already_queued: answer.kind === 'already_queued',
          already_completed: answer.kind === 'already_completed',
        },
        problem: null,
      };
    default:
      return refusedItem(queueProblem(answer));
  }
}

function refusedItem({ code, detail, headers, errors = [] }: Problem) {
  const { status, title } = problemTraits(code);
  const seconds = headers?.['Retry-After'];
  const retry_after = seconds === undefined ? null : Number(seconds);
  const problem = { code, title, detail, ...guidanceOf(code), errors, retry_after };
  return { status, data: null, meta: null, problem };
}
