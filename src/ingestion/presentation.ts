import { type FailureCode, guidanceOf, isFailureCode } from '../domain/failures.ts';
import { ingestContentWorkflowId } from '../domain/temporal-names.ts';
import { type Problem, problem } from '../platform/http/problem.ts';
import { documentNotes } from './documents/document.ts';
import type { JobRetry } from './job-change.ts';
import { articleLimitNote, type Job, type JobWithTotals, type PartProgress } from './jobs/job.ts';
import { maxBytesUnderWay, maxJobsUnderWay, retryAfterSeconds } from './limits.ts';
import type { Queued, TooMuch } from './queue-document.ts';
import type { JobDetails } from './service.ts';

/** A job as the answer to the request for it. */
export function presentQueued(tenantId: string, job: Job) {
  return {
    id: job.id,
    status: job.status,
    content_hash: job.contentHash,
    workflow_id: ingestContentWorkflowId(tenantId, job.id),
  };
}

const knownNotes = [...documentNotes, articleLimitNote] as const;

/** A job as lists and answers show it. */
export function presentJob(tenantId: string, job: JobWithTotals) {
  const { totals } = job;
  const hasFailed = job.status === 'failed' || job.status === 'partial';
  return {
    ...presentQueued(tenantId, job),
    source: job.sourceKind,
    source_type: job.sourceType,
    publish: job.publish,
    max_articles: job.maxArticles,
    metadata: job.metadata,
    code: knownCode(job.code),
    ...guidanceOf(job.code),
    next_attempt_at: job.nextAttemptAt?.toISOString() ?? null,
    notes: knownNotes.filter((note) => job.notes.includes(note)),
    retryable: hasFailed && job.hasDocument,
    progress: {
      parts: totals.parts,
      done: totals.done,
      left_out: totals.leftOut,
      failed: totals.failed,
      articles: totals.articles,
      input_tokens: totals.inputTokens,
      output_tokens: totals.outputTokens,
    },
    created_at: job.createdAt.toISOString(),
    started_at: job.startedAt?.toISOString() ?? null,
    finished_at: job.finishedAt?.toISOString() ?? null,
    updated_at: job.updatedAt.toISOString(),
  };
}

/** A job with its parts and articles. */
export function presentDetails(tenantId: string, { job, parts, made }: JobDetails) {
  return {
    ...presentJob(tenantId, job),
    parts: parts.map(presentPart),
    article_ids: made.articleIds,
    articles: {
      created: made.created,
      duplicates: made.duplicates,
      failed: made.failed,
      left_out: made.leftOut,
    },
  };
}

function presentPart(part: PartProgress) {
  return {
    part: part.part,
    half: part.half,
    status: part.status,
    code: knownCode(part.code),
    ...guidanceOf(part.code),
    articles: part.articles,
    input_tokens: part.inputTokens,
    output_tokens: part.outputTokens,
  };
}

const knownCode = (code: string | null): FailureCode | null => (isFailureCode(code) ? code : null);

/** Why a document was not queued. */
export function queueProblem(refused: Exclude<Queued, { readonly job: Job }>): Problem {
  switch (refused.kind) {
    case 'no_api_key':
      return noKey();
    case 'url_forbidden':
      return problem('url_forbidden', 'url: must be a public http or https address without a user name', {
        errors: [{ path: 'url', message: 'must be a public http or https address without a user name' }],
      });
    case 'published_url': {
      const message = 'must be false for an address: its articles become drafts, which a person publishes';
      return problem('validation_failed', `publish: ${message}`, { errors: [{ path: 'publish', message }] });
    }
    case 'vault_unavailable':
      return problem('vault_unavailable', 'The document cannot be sealed now: send it again.');
    case 'too_much':
      return tooMuchProblem(refused);
    default:
      return refused satisfies never;
  }
}

/** Why a job was not changed. */
export function changeProblem(refused: Exclude<JobRetry, { readonly kind: 'ok' }>): Problem {
  switch (refused.kind) {
    case 'not_found':
      return noSuchJob();
    case 'not_allowed':
      return problem('transition_not_allowed', `The job is ${refused.status}, which does not allow this.`);
    case 'document_gone':
      return problem(
        'transition_not_allowed',
        'The document of this job is deleted: send it again, which makes a new job.',
      );
    case 'same_under_way':
      return problem('transition_not_allowed', 'Another job with the same content is under way.');
    case 'no_api_key':
      return noKey();
    case 'too_much':
      return tooMuchProblem(refused);
    default:
      return refused satisfies never;
  }
}

/** The problem of an id that no job of the tenant has. */
export const noSuchJob = () => problem('not_found', 'There is no ingestion job with this id.');

const noKey = () =>
  problem(
    'no_api_key',
    'Articles are made of documents with the tenant’s own Anthropic key: `api_key` in the provider settings.',
  );

function tooMuchProblem({ of }: TooMuch): Problem {
  const detail =
    of === 'jobs'
      ? `At most ${maxJobsUnderWay} documents can be under way: ask again when some of them are done.`
      : `At most ${maxBytesUnderWay / 1_000_000} MB of documents can be under way: ask again when some of them are done.`;
  return problem('rate_limited', detail, { headers: { 'Retry-After': String(retryAfterSeconds) } });
}
