/** A character that does not belong where it stands, such as one that a paste has brought along. */
export interface OddCharacter {
  /** What it is, in words. It holds nothing of the text. */
  readonly name: string;
  /** Its position among the characters of the text, from 1. */
  readonly position: number;
}

const named: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/[\n\r\u0085\u2028\u2029]/, 'a line break'],
  [/\t/, 'a tab'],
  [/[\u200b-\u200d\u2060\ufeff]/, 'a zero-width character'],
  [/\p{Cf}/u, 'an invisible character'],
  [/\p{Cc}/u, 'a control character'],
  [/\p{Zs}/u, 'a blank'],
];

const nameOf = (character: string) =>
  named.find(([pattern]) => pattern.test(character))?.[1] ?? 'a character outside ASCII';

/** Finds the first character of a text that is not `allowed`; undefined where all are. */
export function findOddCharacter(text: string, allowed: RegExp): OddCharacter | undefined {
  const characters = [...text];
  const at = characters.findIndex((character) => !allowed.test(character));
  return at < 0 ? undefined : { name: nameOf(characters[at] ?? ''), position: at + 1 };
}
