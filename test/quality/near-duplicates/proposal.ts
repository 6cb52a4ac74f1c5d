import type { ArticleSource } from '../../../src/domain/article-text.ts';

/** What the gate says of a proposal; see `thresholds`. */
export type Verdict = 'duplicate' | 'low_novelty' | 'novel';

/** The gate's promise: from here on a proposal is a duplicate, from here on it is of low novelty. */
export const thresholds = { duplicate: 0.97, lowNovelty: 0.88 } as const;

/**
 * What a careful editor who knows the published articles would call a proposal of each kind, and whether it says
 * something that no published article says, which would be lost if it were taken for a duplicate.
 */
export const kinds = {
  'other type': { label: 'duplicate', saysMore: false },
  typos: { label: 'duplicate', saysMore: false },
  'lower case': { label: 'duplicate', saysMore: false },
  'other title': { label: 'duplicate', saysMore: false },
  'sentence removed': { label: 'duplicate', saysMore: false },
  'paragraphs moved': { label: 'duplicate', saysMore: false },
  'first half': { label: 'low_novelty', saysMore: false },
  'two joined': { label: 'low_novelty', saysMore: false },
  'sentence added': { label: 'low_novelty', saysMore: true },
  'claim turned': { label: 'low_novelty', saysMore: true },
  'section added': { label: 'low_novelty', saysMore: true },
  paraphrase: { label: 'low_novelty', saysMore: true },
  translation: { label: 'low_novelty', saysMore: true },
  'other claim': { label: 'novel', saysMore: true },
  'other sample': { label: 'novel', saysMore: true },
  unrelated: { label: 'novel', saysMore: true },
} as const satisfies Readonly<Record<string, { readonly label: Verdict; readonly saysMore: boolean }>>;

export type Kind = keyof typeof kinds;

/** An article that somebody proposes to a tenant whose published articles are the samples. */
export interface Proposal {
  readonly name: string;
  readonly kind: Kind;
  readonly article: ArticleSource;
  /** A sample that is not published in this case: the proposal itself. */
  readonly without?: string;
}

/** The verdict on a similarity. */
export function verdictOf(similarity: number): Verdict {
  if (similarity >= thresholds.duplicate) return 'duplicate';
  return similarity >= thresholds.lowNovelty ? 'low_novelty' : 'novel';
}
