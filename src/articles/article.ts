import type { EmbeddingState } from '../embedding/article-embeddings.ts';
import type { ClassificationState } from './classification/classification.ts';

/** What kind of knowledge an article is. */
export const categories = [
  'pattern',
  'decision',
  'finding',
  'reference',
  'playbook',
  'insight',
  'entity',
  'idea',
  'quote',
  'question',
] as const;

export type Category = (typeof categories)[number];

/** The category of an article until it is classified, and where the model is not sure. */
export const unclassified = 'finding' satisfies Category;

/** The statuses of an article. Only a published one is found. */
export const articleStatuses = ['draft', 'published', 'archived'] as const;

export type ArticleStatus = (typeof articleStatuses)[number];

/** An article as it is stored. */
export interface Article {
  readonly id: string;
  readonly title: string;
  readonly body: string;
  readonly category: Category;
  readonly tags: readonly string[];
  readonly status: ArticleStatus;
  readonly sourceType: string | null;
  /** The language whose words it is found by, as an ISO 639-1 code: the chosen or the detected one. Null where none was told. */
  readonly language: string | null;
  /** The language that its author has set; null where it is detected. */
  readonly chosenLanguage: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** Raised by one with every change. */
  readonly revision: number;
  /** Hash of the text to embed. */
  readonly contentHash: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** An article with the states of its vectors and of its classification: what clients see. */
export interface ArticleWithEmbedding extends Article {
  readonly embedding: EmbeddingState;
  /** Null where a person chose the category. */
  readonly classification: ClassificationState | null;
}

/** Another article that this one was made from, or that was made from it. */
export interface ArticleLink {
  readonly kind: 'merged_from' | 'merged_into';
  readonly id: string;
  readonly title: string;
}

/** One article with its links to others. */
export interface LinkedArticle extends ArticleWithEmbedding {
  readonly links: readonly ArticleLink[];
}

/** An article to create. */
export interface NewArticle {
  readonly title: string;
  readonly body: string;
  /** Null: the tenant's model chooses it after the write. */
  readonly category: Category | null;
  readonly tags: readonly string[];
  readonly status: 'draft' | 'published';
  readonly sourceType: string | null;
  /** Null or absent: detected. */
  readonly language?: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** Whether the article is written without a comparison with existing articles. */
  readonly force: boolean;
}

/** The fields that an edit may change. An absent field keeps its value. */
export interface ArticleChanges {
  readonly title?: string | undefined;
  readonly body?: string | undefined;
  readonly category?: Category | undefined;
  readonly tags?: readonly string[] | undefined;
  /** Null: detected from now on. */
  readonly language?: string | null | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
}
