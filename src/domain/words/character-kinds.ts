/** What a character is to the words of a text. */
export const separator = 0;
/** A letter without case, or a small one. */
export const letter = 1;
export const capital = 2;
export const digit = 3;
/** A letter of a script without blanks between its words. */
export const blankless = 4;
/** A Korean syllable: words have blanks between them, but endings are written on to them. */
export const hangul = 5;
/** A sign that may join two words to a name. */
export const joiner = 6;
/** What is not seen, or stands above a letter: it belongs to the character before it. */
export const attached = 7;

export type CharacterKind = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;

const joiners = "-‐‑‒–−_.:/\\@#?&=%+~'’ʼ＇－＿．／＼＠\u200B\u200C";
const unseen = /\p{Default_Ignorable_Code_Point}/u;
const withoutBlanks =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Bopomofo}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\u30FC\uFF70]/u;
// The marks that voice a kana stand behind it: as marks of their own, or in half width.
const voicing = /[\u3099\u309A\uFF9E\uFF9F]/;

const plane = kindsOfPlane();

/** What a character is, by its code point. A lone half of a pair separates words, and so does the end of a text, which is NaN. */
export function kindOf(code: number): CharacterKind {
  return code >= 0x10000 ? judge(String.fromCodePoint(code)) : kindIn(plane[code]);
}

/** The kinds of the first 65,536 code points, read once: a table is some times as fast as expressions. */
function kindsOfPlane(): Uint8Array {
  const kinds = new Uint8Array(0x10000);
  for (let code = 0; code < 0x10000; code += 1) kinds[code] = judge(String.fromCharCode(code));
  return kinds;
}

function judge(character: string): CharacterKind {
  if (joiners.includes(character)) return joiner;
  if (unseen.test(character)) return attached;
  if (voicing.test(character) || /\p{M}/u.test(character)) return attached;
  if (/\p{N}/u.test(character) && !withoutBlanks.test(character)) return digit;
  if (!/[\p{L}\p{N}]/u.test(character)) return separator;
  if (withoutBlanks.test(character)) return blankless;
  if (/\p{Script=Hangul}/u.test(character)) return hangul;
  return /[\p{Lu}\p{Lt}]/u.test(character) ? capital : letter;
}

function kindIn(value: number | undefined): CharacterKind {
  switch (value) {
    case letter:
    case capital:
    case digit:
    case blankless:
    case hangul:
    case joiner:
    case attached:
      return value;
    default:
      return separator;
  }
}
