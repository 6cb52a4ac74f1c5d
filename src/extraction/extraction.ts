import type { Actor } from '../domain/actor.ts';
import type { PartRef } from '../domain/extract-content.ts';
import type { FailureCode } from '../domain/failures.ts';
import type { Transaction } from '../platform/postgres/database.ts';
import type { DataKey } from '../platform/vault/data-keys.ts';
import type { CallResult } from '../providers/call.ts';

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

/** The stored answer about a passage. */
export type StoredAnswer =
  | {
      readonly kind: 'answered';
      readonly articles: number;
      readonly inputTokens: number;
      readonly outputTokens: number;
    }
  /** It was paid for and cannot be used. `tries`: how many such answers were bought. */
  | {
      readonly kind: 'unusable';
      readonly code: FailureCode;
      readonly tries: number;
      readonly inputTokens: number;
      readonly outputTokens: number;
    };

/** What became of the articles of an answer. */
export interface MadeArticles {
  readonly created: number;
  readonly duplicates: number;
  /** Articles of the model that are not valid, or that could not be written. */
  readonly failed: number;
  readonly articleIds: readonly string[];
}

/** Turns texts into articles by the tenant's model. */
export interface Extraction {
  /** The stored answer about a passage; undefined where none was bought. */
  find(tx: Transaction, passage: Passage): Promise<StoredAnswer | undefined>;
  /**
   * Answers with the stored answer where there is a usable one. Otherwise makes one guarded call and stores its answer, sealed by
   * `key`, in the transaction that ends the call. An unusable answer is stored too and returned as a failure.
   */
  ask(request: {
    readonly passage: Passage;
    readonly key: DataKey;
    readonly text: ExtractionText;
    /** The most articles to ask for. */
    readonly maxArticles: number;
    readonly apiKeyId: string | null;
  }): Promise<CallResult<StoredAnswer>>;
  /** Makes the articles of a stored answer, each once, by the gate. One that fails costs none of the others. */
  makeArticles(request: {
    readonly passage: Passage;
    readonly key: DataKey;
    readonly actor: Actor;
    /** What the drafts are published as, when the gate finds them novel. */
    readonly status: 'draft' | 'published';
    readonly sourceType: string;
    readonly metadata: Readonly<Record<string, unknown>>;
    /** The most articles of the whole subject. Later ones are left out. */
    readonly maxArticles: number;
  }): Promise<MadeArticles>;
  /** The articles of a subject. */
  articlesOf(tx: Transaction, subject: Subject): Promise<MadeArticles>;
  /** Deletes the answers of a subject that has ended. What became of its articles stays. */
  forget(tx: Transaction, subject: Subject): Promise<void>;
}
