import { z } from 'zod';
import type { PartRef } from '../../domain/extract-content.ts';
import type { FailureCode } from '../../domain/failures.ts';
import type { Transaction } from '../../platform/postgres/database.ts';
import { type PartProgress, type PartStatus, type PartTotals, partStatuses } from './job.ts';

const half = z.union([z.literal(0), z.literal(1), z.literal(2)]);
/** A bigint comes as text. No sum here is beyond what a number holds. */
const count = z.coerce.number();

const partRow = z
  .object({
    part: z.number(),
    half,
    status: z.enum(partStatuses),
    code: z.string().nullable(),
    articles: z.number(),
    input_tokens: count,
    output_tokens: count,
  })
  .transform(
    ({ input_tokens: inputTokens, output_tokens: outputTokens, ...row }): PartProgress => ({
      ...row,
      inputTokens,
      outputTokens,
    }),
  );
const parts = z.array(partRow);

/** Inserts the parts of a document, or the halves of one, none of which is asked about yet. Those that exist stay as they are. */
export async function insertParts(
  tx: Transaction,
  tenantId: string,
  jobId: string,
  refs: readonly PartRef[],
): Promise<void> {
  await tx.raw(
    `insert into ingestion_parts (tenant_id, job_id, part, half)
     select :tenantId, :jobId, part, half from unnest(:parts::int[], :halves::smallint[]) as given (part, half)
     on conflict do nothing`,
    { tenantId, jobId, parts: refs.map(({ part }) => part), halves: refs.map((ref) => ref.half) },
  );
}

/** Lists the parts of a job in their order. */
export async function listParts(tx: Transaction, tenantId: string, jobId: string): Promise<PartProgress[]> {
  const rows: unknown = await tx('ingestion_parts')
    .where({ tenant_id: tenantId, job_id: jobId })
    .orderBy(['part', 'half']);
  return parts.parse(rows);
}

/** Finds one part. */
export async function findPart(
  tx: Transaction,
  tenantId: string,
  jobId: string,
  { part, half: which }: PartRef,
): Promise<PartProgress | undefined> {
  const rows: unknown = await tx('ingestion_parts').where({
    ...{ tenant_id: tenantId, job_id: jobId },
    ...{ part, half: which },
  });
  return parts.parse(rows)[0];
}

/** Sets the status of a part, and what came of it. */
export async function markPart(
  tx: Transaction,
  tenantId: string,
  jobId: string,
  { part, half: which }: PartRef,
  to: {
    readonly status: PartStatus;
    readonly code?: FailureCode;
    readonly articles?: number;
    readonly inputTokens?: number;
    readonly outputTokens?: number;
  },
): Promise<void> {
  await tx('ingestion_parts')
    .where({ tenant_id: tenantId, job_id: jobId, part, half: which })
    .update({
      status: to.status,
      code: to.code ?? null,
      ...(to.articles === undefined ? {} : { articles: to.articles }),
      ...(to.inputTokens === undefined ? {} : { input_tokens: to.inputTokens }),
      ...(to.outputTokens === undefined ? {} : { output_tokens: to.outputTokens }),
      updated_at: tx.raw('clock_timestamp()'),
    });
}

/** Gives up the parts that are still open, for this reason. One whose answer is paid for stays: a retry makes its articles. */
export async function failOpenParts(
  tx: Transaction,
  tenantId: string,
  jobId: string,
  code: FailureCode,
): Promise<void> {
  await tx('ingestion_parts')
    .where({ tenant_id: tenantId, job_id: jobId, status: 'waiting' })
    .update({ status: 'failed', code, updated_at: tx.raw('clock_timestamp()') });
}

/** Opens the parts that have failed once more; returns how many are open. */
export async function reopenFailedParts(tx: Transaction, tenantId: string, jobId: string): Promise<number> {
  await tx('ingestion_parts')
    .where({ tenant_id: tenantId, job_id: jobId, status: 'failed' })
    .update({ status: 'waiting', code: null, updated_at: tx.raw('clock_timestamp()') });
  const open: unknown[] = await tx('ingestion_parts')
    .where({ tenant_id: tenantId, job_id: jobId })
    .whereIn('status', ['waiting', 'extracted'])
    .select('part');
  return open.length;
}

const totalsRow = z
  .object({
    job_id: z.string(),
    parts: count,
    done: count,
    left_out: count,
    failed: count,
    articles: count,
    input_tokens: count,
    output_tokens: count,
  })
  .transform((row) => ({
    jobId: row.job_id,
    totals: {
      parts: row.parts,
      done: row.done,
      leftOut: row.left_out,
      failed: row.failed,
      articles: row.articles,
      inputTokens: row.input_tokens,
      outputTokens: row.output_tokens,
    } satisfies PartTotals,
  }));

/** Counts the parts of jobs. A job without parts is not in the map. */
export async function countParts(
  tx: Transaction,
  tenantId: string,
  jobIds: readonly string[],
): Promise<ReadonlyMap<string, PartTotals>> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select job_id, count(*) filter (where status <> 'cut') as parts,
            count(*) filter (where status = 'done') as done,
            count(*) filter (where status = 'left_out') as left_out,
            count(*) filter (where status = 'failed') as failed,
            sum(articles) as articles, sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens
       from ingestion_parts where tenant_id = :tenantId and job_id = any(:jobIds::uuid[]) group by job_id`,
    { tenantId, jobIds: [...jobIds] },
  );
  return new Map(
    z
      .array(totalsRow)
      .parse(rows)
      .map(({ jobId, totals }) => [jobId, totals]),
  );
}
