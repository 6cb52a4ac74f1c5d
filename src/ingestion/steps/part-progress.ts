import type { JobRef, PartRef } from '../../domain/extract-content.ts';
import type { FailureCode } from '../../domain/failures.ts';
import type { Extracted } from '../../domain/ingest-content.ts';
import type { Extraction, StoredAnswer } from '../../extraction/extraction.ts';
import type { Database, Transaction } from '../../platform/postgres/database.ts';
import { articleLimitNote } from '../jobs/job.ts';
import { addNotes, touchJob } from '../jobs/job-status-store.ts';
import { findPart, insertParts, markPart } from '../jobs/part-store.ts';
import type { OpenJob } from './open-job.ts';
import { passageOf } from './passage.ts';

/** The progress of a part around the call about it. */
export interface PartProgressSteps {
  /** What an earlier run has left; undefined where the part is to be asked about. */
  look(ref: JobRef, opened: Pick<OpenJob, 'job'>, part: PartRef): Promise<Extracted | undefined>;
  /** What a stored answer makes of its part. `ask`: it cannot be used, and another one is worth its price. */
  settle(tx: Transaction, ref: JobRef, part: PartRef, answer: StoredAnswer): Promise<Extracted | 'ask'>;
}

/** Creates the progress of parts. */
export function createPartProgress({
  database,
  extraction,
}: {
  readonly database: Pick<Database, 'withTenant'>;
  readonly extraction: Pick<Extraction, 'find' | 'articlesOf'>;
}): PartProgressSteps {
  const settle: PartProgressSteps['settle'] = async (tx, { tenantId, jobId }, ref, answer) => {
    const { inputTokens, outputTokens } = answer;
    const to = (status: 'extracted' | 'cut' | 'failed', code?: FailureCode) =>
      markPart(tx, tenantId, jobId, ref, {
        ...{ status, inputTokens, outputTokens },
        ...(code === undefined ? {} : { code }),
      });
    // The job's row before that of a part, as at the end of a job: in two orders, two transactions could wait for each other.
    await touchJob(tx, tenantId, jobId);
    if (answer.kind === 'answered') {
      await to('extracted');
      return { kind: 'extracted' };
    }
    if (answer.code === 'answer_cut' && ref.half === 0) {
      await to('cut');
      const { part } = ref;
      await insertParts(tx, tenantId, jobId, [
        { part, half: 1 },
        { part, half: 2 },
      ]);
      return { kind: 'cut' };
    }
    if (!answer.final) return 'ask';
    await to('failed', answer.code);
    return { kind: 'settled' };
  };

  const look: PartProgressSteps['look'] = (ref, { job }, part) =>
    database.withTenant(ref.tenantId, async (tx): Promise<Extracted | undefined> => {
      const { tenantId, jobId } = ref;
      const passage = passageOf(ref, part);
      const [progress, stored, made] = await Promise.all([
        findPart(tx, tenantId, jobId, part),
        extraction.find(tx, passage),
        extraction.articlesOf(tx, passage.subject),
      ]);
      if (progress === undefined) return { kind: 'settled' };
      switch (progress.status) {
        case 'done':
        case 'left_out':
        case 'failed':
          return { kind: 'settled' };
        case 'cut':
          return { kind: 'cut' };
        case 'extracted':
          return { kind: 'extracted' };
        case 'waiting':
          break;
        default:
          return progress.status satisfies never;
      }
      if (stored !== undefined) {
        const settled = await settle(tx, ref, part, stored);
        return settled === 'ask' ? undefined : settled;
      }
      if (made.created < job.maxArticles) return undefined;
      // Its articles would be left out, so nothing is paid for them.
      await addNotes(tx, tenantId, jobId, [articleLimitNote]);
      await markPart(tx, tenantId, jobId, part, { status: 'left_out' });
      return { kind: 'settled' };
    });

  return { look, settle };
}
