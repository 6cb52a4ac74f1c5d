import type { JobRef, PartRef } from '../../domain/extract-content.ts';
import { articlesOfOneRun, type Extracted, scopeOfFailure } from '../../domain/ingest-content.ts';
import { operations } from '../../domain/operations.ts';
import type { Asked, Extraction, UsableAnswer } from '../../extraction/extraction.ts';
import type { Database } from '../../platform/postgres/database.ts';
import type { Usage } from '../../usage/service.ts';
import { isUnderWay } from '../jobs/job.ts';
import { touchJob } from '../jobs/job-status-store.ts';
import { findJob } from '../jobs/job-store.ts';
import { markPart } from '../jobs/part-store.ts';
import type { MakeOpened } from './make.ts';
import type { FailedStep, OpenJob, OpenJobs } from './open-job.ts';
import { createPartProgress } from './part-progress.ts';
import { passageOf, placeOf } from './passage.ts';

/**
 * Buys the answer about one part, unless it is stored already, and makes its articles where the time of the step allows it. It fails
 * with what concerns the whole job, such as a key that is rejected; a failure that concerns the part alone is kept with it.
 */
export type ExtractPart = (ref: JobRef, part: PartRef) => Promise<Extracted | FailedStep>;

/** When a part that another run is asking about is worth a look. */
const claimedRetryMs = 5_000;

/** Time for an article: the gate waits as long for its verdict where nothing else is set. */
const articleMs = 5_000;
/** When the making of articles is to be over, from the begin of the step: before its time ends, with some left for the rest. */
const makingEndsAfterMs = operations.extraction.startToCloseMs - 10_000;

/** Creates the step that buys answers. */
export function createExtractPart(deps: {
  readonly database: Pick<Database, 'withTenant'>;
  readonly openJob: OpenJobs;
  readonly extraction: Pick<Extraction, 'find' | 'ask' | 'articlesOf'>;
  readonly makeOpened: MakeOpened;
  /** Writes the calls of a job to the ledger. */
  readonly usage: Pick<Usage, 'recordSubject'>;
}): ExtractPart {
  const { database, openJob, extraction, makeOpened, usage } = deps;
  const { look, settle } = createPartProgress(deps);

  /** What becomes of a part whose call has failed. */
  const afterFailure = async (
    ref: JobRef,
    part: PartRef,
    failed: Extract<Asked, { kind: 'failed' }>,
  ): Promise<Extracted | FailedStep> => {
    const { code, retryAfterMs, called } = failed;
    switch (scopeOfFailure(failed)) {
      case 'job':
        return { kind: 'failed', code };
      case 'passing':
        return {
          ...{ kind: 'passing', code },
          ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
          ...(called === undefined ? {} : { called }),
        };
      case 'part':
        return database.withTenant(ref.tenantId, async (tx): Promise<Extracted> => {
          const stored = await extraction.find(tx, passageOf(ref, part));
          const settled = stored === undefined ? undefined : await settle(tx, ref, part, stored);
          if (settled !== undefined && settled !== 'ask') return settled;
          if (settled === 'ask' && !failed.final) return { kind: 'again' };
          await touchJob(tx, ref.tenantId, ref.jobId);
          await markPart(tx, ref.tenantId, ref.jobId, part, { status: 'failed', code });
          return { kind: 'settled' };
        });
    }
  };

  /** Makes the articles of an answer that was bought just now. A job that was cancelled during the call gets none. */
  const makeNow = async (
    ref: JobRef,
    part: PartRef,
    opened: OpenJob,
    answer: UsableAnswer,
  ): Promise<Extracted> => {
    const { tenantId, jobId } = ref;
    const job = await database.withTenant(tenantId, (tx) => findJob(tx, tenantId, jobId));
    if (job === undefined || !isUnderWay(job.status)) return { kind: 'ended' };
    const { inputTokens, outputTokens } = answer;
    return makeOpened(ref, part, opened, { inputTokens, outputTokens });
  };

  return async (ref, part) => {
    const endsAt = performance.now() + makingEndsAfterMs;
    const opened = await openJob(ref);
    if (opened.kind !== 'open') return opened;
    const before = await look(ref, opened, part);
    if (before !== undefined) return before;

    const { job, row, key, sealing } = opened;
    const document = row.document === null ? undefined : sealing.openDocument(row.document);
    if (document === undefined) return { kind: 'failed', code: 'key_unusable' };
    const place = placeOf(document, part);
    // A single character has no halves.
    if (place === undefined)
      return afterFailure(ref, part, { kind: 'failed', code: 'answer_cut', final: true });
    const about = sealing.openAbout(row.about);
    const answer = await extraction.ask({
      passage: passageOf(ref, part),
      key,
      text: {
        title: about?.title ?? document.title,
        path: place.path,
        text: document.markdown.slice(place.start, place.end),
      },
      maxArticles: articlesOfOnePart(job.maxArticles, document.parts.length),
      apiKeyId: job.apiKeyId,
    });
    const recorded = usage.recordSubject(ref.tenantId, ref.jobId);
    if (answer.kind === 'ok' && canMakeNow(answer.answer, endsAt)) {
      // The ledger is written beside the articles: nothing of them depends on it.
      const [made] = await Promise.all([makeNow(ref, part, opened, answer.answer), recorded]);
      return made;
    }
    await recorded;
    switch (answer.kind) {
      case 'ok':
        return database.withTenant(ref.tenantId, async (tx): Promise<Extracted> => {
          await settle(tx, ref, part, answer.answer);
          return { kind: 'extracted' };
        });
      case 'claimed':
        return { kind: 'busy', retryInMs: claimedRetryMs };
      case 'failed':
        return afterFailure(ref, part, answer);
      default:
        return answer satisfies never;
    }
  };
}

/** Whether there is time for the articles of an answer before `endsAt`. */
const canMakeNow = ({ articles }: UsableAnswer, endsAt: number) =>
  articles <= articlesOfOneRun && performance.now() + articles * articleMs <= endsAt;

/** The articles of a document are asked for in equal shares, so that the first parts do not use them all up. */
function articlesOfOnePart(ofDocument: number, parts: number): number {
  return Math.max(1, Math.ceil(ofDocument / parts));
}
