import { z } from 'zod';
import type { FailureCode } from '../domain/failures.ts';
import type { Transaction } from '../platform/postgres/database.ts';
import type { MadeArticles, Passage, Subject } from './extraction.ts';

/** What became of an article of an answer. */
export interface ArticleOutcome {
  /** Its number in the answer. */
  readonly number: number;
  readonly outcome: 'created' | 'duplicate' | 'invalid' | 'failed' | 'left_out';
  readonly articleId?: string;
  readonly code?: FailureCode;
}

/** Records outcomes. Returns how many: an article that has an outcome keeps it. */
export async function insertOutcomes(
  tx: Transaction,
  tenantId: string,
  { subject, part, half }: Passage,
  outcomes: readonly ArticleOutcome[],
): Promise<number> {
  if (outcomes.length === 0) return 0;
  const inserted: unknown = await tx('extraction_articles')
    .insert(
      outcomes.map(({ number, outcome, articleId, code }) => ({
        ...{ tenant_id: tenantId, subject_kind: subject.kind, subject_id: subject.id, part, half },
        ...{ number, outcome, article_id: articleId ?? null, code: code ?? null },
      })),
    )
    .onConflict()
    .ignore()
    .returning('number');
  return z.array(z.unknown()).parse(inserted).length;
}

/** Lists the numbers of a passage's articles that have an outcome. */
export async function listNumbers(
  tx: Transaction,
  tenantId: string,
  { subject, part, half }: Passage,
): Promise<ReadonlySet<number>> {
  const rows: unknown = await tx('extraction_articles')
    .where({ tenant_id: tenantId, subject_kind: subject.kind, subject_id: subject.id, part, half })
    .select('number');
  return new Set(
    z
      .array(z.object({ number: z.number() }))
      .parse(rows)
      .map(({ number }) => number),
  );
}

/**
 * Counts the created articles of a subject, and lets no other transaction create one of them until this one ends: two parts that
 * are made at the same time would both find room for the last article.
 */
export async function countCreatedAlone(
  tx: Transaction,
  tenantId: string,
  subject: Subject,
): Promise<number> {
  // Awaited: a count that is sent together with the lock could be sent before it.
  await tx.raw('select pg_advisory_xact_lock(hashtextextended(?, 0))', [
    `extraction ${tenantId} ${subject.id}`,
  ]);
  return countCreated(tx, tenantId, subject);
}

/** Counts the created articles of a subject. */
export async function countCreated(tx: Transaction, tenantId: string, subject: Subject): Promise<number> {
  const row: unknown = await tx('extraction_articles')
    .where({
      ...{ tenant_id: tenantId, subject_kind: subject.kind, subject_id: subject.id },
      outcome: 'created',
    })
    .count({ created: '*' })
    .first();
  return z.object({ created: z.coerce.number() }).parse(row).created;
}

const sums = z.tuple([
  z.object({
    created: z.coerce.number(),
    duplicates: z.coerce.number(),
    failed: z.coerce.number(),
    left_out: z.coerce.number(),
    article_ids: z.array(z.string()),
  }),
]);

/** Sums the outcomes of a subject, or of one of its passages. */
export async function sumOutcomes(
  tx: Transaction,
  tenantId: string,
  { kind, id }: Subject,
  passage?: Passage,
): Promise<MadeArticles> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select count(*) filter (where outcome = 'created') as created,
            count(*) filter (where outcome = 'duplicate') as duplicates,
            count(*) filter (where outcome in ('invalid', 'failed')) as failed,
            count(*) filter (where outcome = 'left_out') as left_out,
            coalesce(array_agg(article_id order by part, half, number) filter (where outcome = 'created'), '{}') as article_ids
       from extraction_articles
      where tenant_id = :tenantId and subject_kind = :kind and subject_id = :id
        and (:part::int is null or (part = :part and half = :half))`,
    { tenantId, kind, id, part: passage?.part ?? null, half: passage?.half ?? null },
  );
  const [row] = sums.parse(rows);
  return {
    ...{ created: row.created, duplicates: row.duplicates, failed: row.failed },
    ...{ leftOut: row.left_out, articleIds: row.article_ids },
  };
}
