/** Characters that no reader sees and that change no word. The joiners stay: they change words of some scripts. */
const unseen = /[\u00AD\u200B\u200E\u200F\u2060\uFEFF]/gu;

/**
 * Folds a sentence to the form in which it is compared: case, blank space, the shapes of quotes and dashes, and the marks at its end.
 * All else stays: two forms are equal only if the sentences say the same, and where that is in doubt they differ. Case stays where it
 * may matter: in units (mW, MW), in names of code (`getUserById`), in addresses, and in words with digits or signs.
 */
export function foldSentence(sentence: string): string {
  const words = sentence
    .replace(unseen, '')
    .replace(/[‘’‚‛]/gu, "'")
    .replace(/[“”„‟«»]/gu, '"')
    .replace(/[\u2010\u2011]/gu, '-')
    .replace(/(?<=\p{L})—(?=\p{L})/gu, ' – ')
    .trim()
    .split(/\s+/u);
  const folded: string[] = [];
  let behindNumber = false;
  for (const [at, word] of words.entries()) {
    // Most words are of this form and stay as they are.
    if (/^[a-z]+[.,;:]?$/.test(word)) {
      folded.push(word);
      behindNumber = false;
      continue;
    }
    folded.push(
      isPlain(coreOf(word), at === 0, behindNumber)
        ? word.toLowerCase()
        : dashOr(word, words[at + 1], words[at - 1]),
    );
    behindNumber = /\p{N}$/u.test(word);
  }
  const whole = folded.join(' ');
  const ended = withoutEndMarks(whole);
  return ended === '' ? whole : ended;
}

const endMarks = '.…。！；：，、،؛;:,!';

/** What a mark at the end may stand behind: not the marks of a path, as in `cd ..`, nor a letter or digit that `!` belongs to. */
const mayEnd = /[\p{L}\p{M}\p{N}\p{S}\p{Pe}\p{Pf}"'?%#*]$/u;
const ofFormula = /(?:^|[^\p{L}\p{M}])\p{L}$|[\p{N})\]]$/u;

function withoutEndMarks(sentence: string): string {
  let to = sentence.length;
  while (to > 0 && endMarks.includes(sentence[to - 1] ?? ' ')) to -= 1;
  const [rest, marks] = [sentence.slice(0, to), sentence.slice(to)];
  const tail = rest.slice(-2);
  if (!mayEnd.test(tail) || (marks.includes('!') && ofFormula.test(tail))) return sentence;
  return rest;
}

/** The signs of prose around a word. Any other sign makes it code, a path or an option: -V is not -v, nor is /Tmp the folder /tmp. */
const opening = '([{"\'¿¡–—…';
const closing = ')]}"\'.,;:!?…–—。，、！？；：';

/** A word without the signs of prose around it. */
function coreOf(word: string): string {
  let from = 0;
  let to = word.length;
  while (from < to && opening.includes(word[from] ?? ' ')) from += 1;
  while (to > from && closing.includes(word[to - 1] ?? ' ')) to -= 1;
  return word.slice(from, to);
}

/** The longest unit of which another case is another unit, such as mW and MW. */
const maxUnit = 3;

/** Whether a word says the same in another case. Digits may stand in a part of their own, as in UTF-8. */
function isPlain(core: string, isFirst: boolean, behindNumber: boolean): boolean {
  if (!/^\p{L}[\p{L}\p{M}']*(?:-(?:[\p{L}\p{M}']*|\p{N}+))*$/u.test(core)) return false;
  const lower = core.toLowerCase();
  if (behindNumber && core.length <= maxUnit) return noUnits.has(lower);
  if (core.length === 1) return isFirst || core === 'I' || core === 'A';
  if (productNames.has(lower)) return true;
  return !/^\p{Ll}.*\p{Lu}/u.test(core) && !bitsOrBytes.test(core);
}

/** Short words that often stand behind a number and have one meaning in any case. */
const noUnits = new Set(
  'of to and or the in on at by for is are as per max min if it was not but am pm und oder der die das bis von mal uhr tag pro ist el la los las de en por et ou le les du'.split(
    ' ',
  ),
);

/** Names that are written like names of code, from a small letter to a capital, and are none. */
const productNames = new Set(
  'ios ipados macos tvos watchos visionos iphone ipad ipod imac icloud itunes imessage ebay ebook jquery'.split(
    ' ',
  ),
);

/** Megabits and megabytes. */
const bitsOrBytes = /^[KMGTP]i?[bB]$/;

/** A dash between words has one shape. Between numbers it may be a minus sign, which stays what it is. */
function dashOr(word: string, next = '', before = ''): string {
  if (!/^[-–—―]$/u.test(word)) return word;
  return /^\p{N}/u.test(next) || /\p{N}$/u.test(before) ? word : '–';
}
