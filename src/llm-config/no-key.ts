/** Something that is pasted in the place of a provider's key. No text here holds any of it. */
export interface NoKey {
  readonly whatItIs: string;
  /** Where it begins among the characters of the text, from 1. */
  readonly position: number;
  readonly nextStep: string;
}

const kinds: readonly (readonly [pattern: RegExp, whatItIs: string, nextStep: string])[] = [
  [/^lk_[A-Za-z0-9_-]*/, 'is a key of Lorekeep, not of a provider', 'give the key of the provider'],
  [/^(?:\{\s*"|\[\s*["{])/, 'is JSON', 'give the key that stands in it'],
  [/^[a-z][a-z0-9+.-]*:\/\//i, 'is an address, not a key', 'give the key that the provider has issued'],
  [
    /\*{3}|•{3}|\.{3}|…/,
    'is masked',
    'copy the whole key; where the provider shows it only once, make another',
  ],
];

/** Finds what a text is that cannot be a provider's key, though it may have the characters of one; undefined where it may be a key. */
export function findNoKey(text: string): NoKey | undefined {
  for (const [pattern, whatItIs, nextStep] of kinds) {
    const found = pattern.exec(text);
    if (found === null) continue;
    return { whatItIs, position: [...text.slice(0, found.index)].length + 1, nextStep };
  }
  return undefined;
}
