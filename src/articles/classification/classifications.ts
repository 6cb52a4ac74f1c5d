import type { Outbox } from '../../outbox/outbox.ts';
import type { Transaction } from '../../platform/postgres/database.ts';
import type { ClassificationState } from './classification.ts';
import { deleteClassification, insertPending, listClassifications } from './classification-store.ts';

/** What the writes of an article need of its classification. */
export interface Classifications {
  /** Requests the classification of a new article, in the transaction that writes it. The author's API key pays. */
  request(tx: Transaction, tenantId: string, articleId: string, apiKeyId: string | null): Promise<void>;
  /** The state of one that was just requested. */
  readonly newState: ClassificationState;
  /** Ends it: a person has chosen the category. An answer that comes later changes nothing. */
  end(tx: Transaction, tenantId: string, articleId: string): Promise<void>;
  /** The states of articles, by article id. An article whose category a person chose has none. */
  statesOf(
    tx: Transaction,
    tenantId: string,
    articleIds: readonly string[],
  ): Promise<ReadonlyMap<string, ClassificationState>>;
}

/**
 * A workflow under way changes the row, or announces its next attempt, more often than this. For one that does not, the
 * reconciler starts another, which finds the stored answer.
 */
export const idleMs = 15 * 60_000;

/** Creates the classification's part of an article's write: its row and its outbox row, in the transaction of the write. */
export function createClassifications({
  outbox,
}: {
  readonly outbox: Pick<Outbox, 'enqueue'>;
}): Classifications {
  return {
    async request(tx, tenantId, articleId, apiKeyId) {
      await Promise.all([
        insertPending(tx, tenantId, articleId, { apiKeyId, idleMs }),
        outbox.enqueue(tx, { tenantId, kind: 'classification', subjectId: articleId }),
      ]);
    },
    newState: { status: 'pending', reason: null, confidence: null, classifiedAt: null },
    end: deleteClassification,
    statesOf: listClassifications,
  };
}
