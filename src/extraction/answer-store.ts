import { z } from 'zod';
import type { FailureCode } from '../domain/failures.ts';
import { failureCodes } from '../domain/failures.ts';
import type { Transaction } from '../platform/postgres/database.ts';
import type { Passage, StoredAnswer, Subject, UsableAnswer } from './extraction.ts';

/** How many unusable answers are bought about a passage at most: a second one of another shape is no accident. */
const maxTries = 2;

/** Codes that the same question would be answered with again. */
const lasting: readonly FailureCode[] = ['answer_refused', 'answer_cut'];

/** The tokens of a call. */
interface CallTokens {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

const subjectOf = ({ kind, id }: Subject) => ({ subject_kind: kind, subject_id: id });

const passageOf = (tenantId: string, { subject, part, half }: Passage) => ({
  tenant_id: tenantId,
  ...subjectOf(subject),
  part,
  half,
});

const bindings = (tenantId: string, { subject, part, half }: Passage) => ({
  ...{ tenantId, kind: subject.kind, id: subject.id, part, half },
});

const thisPassage = `tenant_id = :tenantId and subject_kind = :kind and subject_id = :id and part = :part and half = :half`;

const answerRow = z.object({
  answered: z.boolean(),
  code: z.enum(failureCodes).nullable(),
  tries: z.number(),
  articles: z.number(),
  input_tokens: z.coerce.number(),
  output_tokens: z.coerce.number(),
});

/** Finds what is stored of the answer about a passage; undefined where none was bought yet. */
export async function findAnswer(
  tx: Transaction,
  tenantId: string,
  passage: Passage,
): Promise<StoredAnswer | undefined> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select answer is not null as answered, code, tries, articles, input_tokens, output_tokens
       from extraction_answers where ${thisPassage} and (answer is not null or code is not null)`,
    bindings(tenantId, passage),
  );
  const row = z.array(answerRow).parse(rows)[0];
  if (row === undefined) return undefined;
  const { code, tries, articles } = row;
  const cost = { inputTokens: row.input_tokens, outputTokens: row.output_tokens };
  if (code === null) return { kind: 'answered', articles, ...cost };
  return { kind: 'unusable', code, tries, final: lasting.includes(code) || tries >= maxTries, ...cost };
}

/** Finds the sealed answer about a passage; undefined where there is none. */
export async function findSealed(
  tx: Transaction,
  tenantId: string,
  passage: Passage,
): Promise<Buffer | undefined> {
  const row: unknown = await tx('extraction_answers')
    .where(passageOf(tenantId, passage))
    .whereNotNull('answer')
    .first('answer');
  return z
    .object({ answer: z.instanceof(Buffer) })
    .optional()
    .parse(row)?.answer;
}

/**
 * Claims a passage for a call; false where another call has it, or no further answer is to be bought.
 *
 * The row itself is the lease. Lost: an advisory lock, which would hold a connection for the length of the call; a table of claims
 * of its own, whose rows and answers could disagree; a row that the subject's next call takes over at once, as chunks have it,
 * because a part's activity may be retried while the first run still waits for the provider.
 */
export async function claimPassage(
  tx: Transaction,
  tenantId: string,
  passage: Passage,
  call: { readonly callId: string; readonly leaseMs: number },
): Promise<boolean> {
  const { rowCount } = await tx.raw<{ rowCount: number }>(
    `insert into extraction_answers as a (tenant_id, subject_kind, subject_id, part, half, call_id, claimed_until)
     values (:tenantId, :kind, :id, :part, :half, :callId, clock_timestamp() + :leaseMs * interval '1 millisecond')
     on conflict (tenant_id, subject_kind, subject_id, part, half) do update
       set call_id = excluded.call_id, claimed_until = excluded.claimed_until
       where a.answer is null
         and (a.call_id is null or a.claimed_until <= clock_timestamp())
         and a.tries < :maxTries and (a.code is null or a.code <> all(:lasting::text[]))`,
    { ...bindings(tenantId, passage), ...call, maxTries, lasting: [...lasting] },
  );
  return rowCount === 1;
}

/** Gives up the claim of a call. One that ran out and was taken by another call is the other's. */
export async function releasePassage(
  tx: Transaction,
  tenantId: string,
  passage: Passage,
  callId: string,
): Promise<void> {
  const claimed = () => tx('extraction_answers').where({ ...passageOf(tenantId, passage), call_id: callId });
  await Promise.all([
    claimed().whereNull('answer').whereNull('code').delete(),
    claimed().update({ call_id: null, claimed_until: null }),
  ]);
}

/**
 * Stores a usable answer. Of two that were bought, since a lease ran out, the first one stays and both are counted. Nothing is
 * stored of a subject whose answers were deleted meanwhile: it has ended.
 */
export async function storeAnswer(
  tx: Transaction,
  tenantId: string,
  passage: Passage,
  answer: CallTokens & { readonly sealed: Buffer; readonly articles: number },
): Promise<UsableAnswer> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `update extraction_answers
        set articles = case when answer is null then :articles else articles end,
            answer = coalesce(answer, :sealed), code = null, tries = tries + 1,
            input_tokens = input_tokens + :inputTokens, output_tokens = output_tokens + :outputTokens,
            answered_at = clock_timestamp()
      where ${thisPassage}
      returning articles, input_tokens, output_tokens`,
    { ...bindings(tenantId, passage), ...answer },
  );
  const { articles, inputTokens, outputTokens } = answer;
  const [row] = z
    .array(answerRow.pick({ articles: true, input_tokens: true, output_tokens: true }))
    .parse(rows);
  return row === undefined
    ? { kind: 'answered', articles, inputTokens, outputTokens }
    : {
        ...{ kind: 'answered', articles: row.articles },
        ...{ inputTokens: row.input_tokens, outputTokens: row.output_tokens },
      };
}

/** Remembers that an answer was paid for and cannot be used. A usable one that came meanwhile stays. */
export async function storeUnusable(
  tx: Transaction,
  tenantId: string,
  passage: Passage,
  code: FailureCode,
  tokens: CallTokens,
): Promise<void> {
  await tx.raw(
    `update extraction_answers
        set code = case when answer is null then :code end, tries = tries + 1,
            input_tokens = input_tokens + :inputTokens, output_tokens = output_tokens + :outputTokens,
            answered_at = clock_timestamp()
      where ${thisPassage}`,
    { ...bindings(tenantId, passage), code, ...tokens },
  );
}

/**
 * Deletes the answers of a subject that cannot be used, except those that a call is about to replace. That of a whole part which
 * was cut off stays: its halves are asked about, and it would be bought in vain again.
 */
export async function deleteUnusable(
  tx: Transaction,
  tenantId: string,
  { kind, id }: Subject,
): Promise<void> {
  await tx.raw(
    `delete from extraction_answers
      where tenant_id = :tenantId and subject_kind = :kind and subject_id = :id and code is not null
        and not (half = 0 and code = 'answer_cut') and (call_id is null or claimed_until <= clock_timestamp())`,
    { tenantId, kind, id },
  );
}

/** Deletes the answers of a subject. */
export async function deleteAnswers(tx: Transaction, tenantId: string, subject: Subject): Promise<void> {
  await tx('extraction_answers')
    .where({ tenant_id: tenantId, ...subjectOf(subject) })
    .delete();
}
