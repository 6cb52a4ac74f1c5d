import { z } from 'zod';
import type { FailureCode } from '../../domain/failures.ts';
import type { Transaction } from '../../platform/postgres/database.ts';
import { type ClassificationState, classificationStatuses } from './classification.ts';

const stateRow = z.object({
  article_id: z.string(),
  status: z.enum(classificationStatuses),
  reason: z.string().nullable(),
  confidence: z.number().nullable(),
  classified_at: z.date().nullable(),
});

/** Lists the states of these articles, by article id. */
export async function listClassifications(
  tx: Transaction,
  tenantId: string,
  articleIds: readonly string[],
): Promise<Map<string, ClassificationState>> {
  const rows = await tx.prepared(
    `select article_id, status, reason, confidence, classified_at from article_classifications
      where tenant_id = $1 and article_id = any($2::uuid[])`,
    [tenantId, articleIds],
  );
  return new Map(
    z
      .array(stateRow)
      .parse(rows)
      .map(({ article_id, classified_at, ...state }) => [
        article_id,
        { ...state, classifiedAt: classified_at },
      ]),
  );
}

/** Inserts the row of a new article. Its workflow is looked after once `idleMs` have passed. */
export async function insertPending(
  tx: Transaction,
  tenantId: string,
  articleId: string,
  { apiKeyId, idleMs }: { readonly apiKeyId: string | null; readonly idleMs: number },
): Promise<void> {
  await tx.prepared(
    `insert into article_classifications (tenant_id, article_id, api_key_id, due_at)
     values ($1, $2, $3, clock_timestamp() + $4 * interval '1 millisecond')`,
    [tenantId, articleId, apiKeyId, idleMs],
  );
}

/** Deletes the row: the category is a person's choice from now on. */
export async function deleteClassification(
  tx: Transaction,
  tenantId: string,
  articleId: string,
): Promise<void> {
  await tx('article_classifications').where({ tenant_id: tenantId, article_id: articleId }).delete();
}

/** A classification that is not finished. */
export interface OpenClassification {
  readonly round: number;
  readonly apiKeyId: string | null;
}

const openRow = z
  .object({ round: z.number(), api_key_id: z.string().nullable() })
  .transform((row): OpenClassification => ({ round: row.round, apiKeyId: row.api_key_id }));

/** Finds the article's classification if it waits for an answer. */
export async function findOpen(
  tx: Transaction,
  tenantId: string,
  articleId: string,
): Promise<OpenClassification | undefined> {
  const row: unknown = await tx('article_classifications')
    .where({ tenant_id: tenantId, article_id: articleId })
    .whereIn('status', ['pending', 'blocked'])
    .first('round', 'api_key_id');
  return openRow.optional().parse(row);
}

/**
 * Writes why there is no answer yet. It does so only in the round that the step began in and where a workflow is at work, and
 * returns whether it did: a key that was set meanwhile must not be followed by the verdict on the old one.
 */
export async function showReason(
  tx: Transaction,
  tenantId: string,
  articleId: string,
  shown: {
    readonly round: number;
    readonly status: 'pending' | 'blocked' | 'failed';
    readonly reason: FailureCode;
    /** When the reconciler looks after it: a time, a number of milliseconds from now, or never. */
    readonly due: Date | number | null;
  },
): Promise<boolean> {
  const { round, status, reason, due } = shown;
  const updated: number = await tx('article_classifications')
    .where({ tenant_id: tenantId, article_id: articleId, round })
    .whereIn('status', ['pending', 'blocked'])
    .update({
      ...{ status, reason },
      due_at: typeof due === 'number' ? inMs(tx, due) : due,
      updated_at: tx.raw('clock_timestamp()'),
    });
  return updated === 1;
}

/** Gives up a classification that is still pending, for good; the reconciler no longer looks after it. */
export async function giveUp(
  tx: Transaction,
  tenantId: string,
  articleId: string,
  shown: { readonly status: 'blocked' | 'failed'; readonly reason: FailureCode },
): Promise<void> {
  await tx('article_classifications')
    .where({ tenant_id: tenantId, article_id: articleId, status: 'pending' })
    .update({ ...shown, due_at: null, updated_at: tx.raw('clock_timestamp()') });
}

/** Writes that the model has answered; undefined where nothing waited for it, because a person has chosen meanwhile. */
export async function markClassified(
  tx: Transaction,
  tenantId: string,
  articleId: string,
  confidence: number,
): Promise<OpenClassification | undefined> {
  const rows: unknown = await tx('article_classifications')
    .where({ tenant_id: tenantId, article_id: articleId })
    .whereNot({ status: 'classified' })
    .update({
      ...{ status: 'classified', reason: null, due_at: null, confidence },
      classified_at: tx.raw('clock_timestamp()'),
      updated_at: tx.raw('clock_timestamp()'),
    })
    .returning(['round', 'api_key_id']);
  return z.array(openRow).parse(rows)[0];
}

const inMs = (tx: Transaction, ms: number) =>
  tx.raw("clock_timestamp() + ? * interval '1 millisecond'", [ms]);
