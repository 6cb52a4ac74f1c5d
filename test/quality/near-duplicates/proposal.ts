import type { ArticleSource } from '../../../src/domain/article-text.ts';
import { lowNoveltyFrom, nearlyEqualFrom } from '../../../src/proposals/decision.ts';

/** What the gate says of a proposal that it compared in full. */
export const verdicts = ['duplicate', 'low_novelty', 'novel'] as const;
export type Verdict = (typeof verdicts)[number];

/**
 * What a careful editor who knows the published articles would call a proposal of each kind, and how much it says that no
 * published article says, which would be lost if it were taken for a duplicate.
 */
export const kinds = {
  'other type': { label: 'duplicate', saysMore: 'nothing' },
  typos: { label: 'duplicate', saysMore: 'nothing' },
  'lower case': { label: 'duplicate', saysMore: 'nothing' },
  'other title': { label: 'duplicate', saysMore: 'nothing' },
  'sentence removed': { label: 'duplicate', saysMore: 'nothing' },
  'paragraphs moved': { label: 'duplicate', saysMore: 'nothing' },
  'first half': { label: 'low_novelty', saysMore: 'nothing' },
  'two joined': { label: 'low_novelty', saysMore: 'nothing' },
  'claim turned': { label: 'low_novelty', saysMore: 'a few words' },
  'sentence added': { label: 'low_novelty', saysMore: 'a few words' },
  'section added': { label: 'low_novelty', saysMore: 'a passage' },
  paraphrase: { label: 'low_novelty', saysMore: 'a passage' },
  translation: { label: 'low_novelty', saysMore: 'a passage' },
  'other claim': { label: 'novel', saysMore: 'a passage' },
  'other sample': { label: 'novel', saysMore: 'a passage' },
  unrelated: { label: 'novel', saysMore: 'a passage' },
} as const satisfies Readonly<
  Record<string, { readonly label: Verdict; readonly saysMore: 'nothing' | 'a few words' | 'a passage' }>
>;

export type Kind = keyof typeof kinds;
export const isKind = (name: string): name is Kind => Object.hasOwn(kinds, name);

/** An article that somebody proposes to a tenant whose published articles are the samples. */
export interface Proposal {
  readonly name: string;
  readonly kind: Kind;
  readonly article: ArticleSource;
  /** A sample that is not published in this case: the proposal itself. */
  readonly without?: string;
}

/** The verdict that vectors alone would give, on a similarity that any formula may have made: the words are not looked at. */
export function byThresholds(similarity: number): Verdict {
  if (similarity >= nearlyEqualFrom) return 'duplicate';
  return similarity >= lowNoveltyFrom ? 'low_novelty' : 'novel';
}
