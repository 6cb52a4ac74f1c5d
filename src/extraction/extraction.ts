import type { Actor } from '../domain/actor.ts';
import type { PartRef } from '../domain/extract-content.ts';
import type { Failure, FailureCode } from '../domain/failures.ts';
import type { Transaction } from '../platform/postgres/database.ts';
import type { DataKey } from '../platform/vault/data-keys.ts';

/** A document or a review. */
export interface Subject {
  readonly tenantId: string;
  readonly kind: 'ingestion' | 'review';
  readonly id: string;
}

/** A part of a subject whose answer is bought once. */
export interface Passage extends PartRef {
  readonly subject: Subject;
}

/** A text to make articles of. */
export interface ExtractionText {
  /** The title of the document or the kind of the review. */
  readonly title: string | null;
  /** The headings that it stands under. */
  readonly path: readonly string[];
  readonly text: string;
}

/** Tokens of the calls about a passage, those of unusable answers included. */
interface AnswerCost {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** An answer that can be used: `articles` of it are valid. */
export interface UsableAnswer extends AnswerCost {
  readonly kind: 'answered';
  readonly articles: number;
}

/** The stored answer about a passage. */
export type StoredAnswer =
  | UsableAnswer
  /** It was paid for and cannot be used. `tries`: how many such answers were bought. `final`: no further one will be. */
  | (AnswerCost & {
      readonly kind: 'unusable';
      readonly code: FailureCode;
      readonly tries: number;
      readonly final: boolean;
    });

/**
 * The outcome of a question. `claimed`: another process is asking, so ask again a little later; a crash of that process frees the
 * passage once its attempt could have no answer any more. A failure is `final` when the answer of a further call would not be bought.
 */
export type Asked =
  | { readonly kind: 'ok'; readonly answer: UsableAnswer }
  | { readonly kind: 'claimed' }
  | ({ readonly kind: 'failed'; readonly final: boolean } & Failure);

/** What became of the articles of an answer. */
export interface MadeArticles {
  readonly created: number;
  readonly duplicates: number;
  /** Articles of the model that are not valid, or that could not be written. */
  readonly failed: number;
  /** Articles beyond the most that were asked for. */
  readonly leftOut: number;
  /** The created ones, in the order of the document. */
  readonly articleIds: readonly string[];
}

/** Turns texts into articles by the tenant's model. */
export interface Extraction {
  /** The stored answer about a passage; undefined where none was bought. */
  find(tx: Transaction, passage: Passage): Promise<StoredAnswer | undefined>;
  /**
   * Answers with the stored answer where there is a usable one. Otherwise makes one guarded call and stores its answer, sealed by
   * `key`, in the transaction that ends the call. An unusable answer is remembered too, and returned as a failure. The calls stand
   * in the books under the subject's id: `usage.recordSubject` writes them to the ledger.
   */
  ask(request: {
    readonly passage: Passage;
    readonly key: DataKey;
    readonly text: ExtractionText;
    /** The most articles of this passage. */
    readonly maxArticles: number;
    readonly apiKeyId: string | null;
  }): Promise<Asked>;
  /**
   * Makes the articles of a stored answer, each once, by the gate, one after the other; each may wait for the gate as long as a
   * client does. One that fails costs none of the others. Call it again after a crash, or for those that are left: it goes on where
   * it was. Without a stored answer it tells what was made of the passage.
   */
  makeArticles(request: {
    readonly passage: Passage;
    readonly key: DataKey;
    readonly actor: Actor;
    /** The status of articles that the gate finds novel. */
    readonly status: 'draft' | 'published';
    readonly sourceType: string;
    readonly metadata: Readonly<Record<string, unknown>>;
    /** The most articles of the whole subject. Later ones are left out. */
    readonly maxArticles: number;
    /** The most articles of the answer that this call makes; all of them by default. */
    readonly atMost?: number;
  }): Promise<MadeArticles & { readonly left: number }>;
  /** The articles of a subject. */
  articlesOf(tx: Transaction, subject: Subject): Promise<MadeArticles>;
  /** Forgets the unusable answers of a subject, so that their passages are asked about again. */
  reopen(tx: Transaction, subject: Subject): Promise<void>;
  /** Deletes the answers of a subject that has ended. What became of its articles stays. */
  forget(tx: Transaction, subject: Subject): Promise<void>;
}
