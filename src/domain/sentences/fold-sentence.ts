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
    const core = coreOf(word);
    folded.push(
      isPlain(core, at === 0, behindNumber) ? word.toLowerCase() : dashOr(word, words[at + 1], words[at - 1]),
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

/** A word without the signs around it. */
function coreOf(word: string): string {
  let from = 0;
  let to = word.length;
  while (from < to && !isLetterOrDigit(word, from)) from += 1;
  while (to > from && !isLetterOrDigit(word, to - 1)) to -= 1;
  return word.slice(from, to);
}

// A half of a surrogate pair counts as a letter: at worst a word keeps its case.
const isLetterOrDigit = (word: string, at: number) => /[\p{L}\p{N}\p{M}\p{Surrogate}]/u.test(word[at] ?? '');

/** The longest unit of which another case is another unit, such as mW and MW. */
const maxUnit = 3;

function isPlain(core: string, isFirst: boolean, behindNumber: boolean): boolean {
  if (!/^\p{L}[\p{L}\p{M}'-]*$/u.test(core)) return false;
  if (behindNumber && core.length <= maxUnit) return false;
  if (core.length === 1) return isFirst || core === 'I' || core === 'A';
  return !/^\p{Ll}.*\p{Lu}/u.test(core) && !bitsOrBytes.test(core);
}

/** Megabits and megabytes. */
const bitsOrBytes = /^[KMGTP]i?[bB]$/;

/** A dash between words has one shape. Between numbers it may be a minus sign, which stays what it is. */
function dashOr(word: string, next = '', before = ''): string {
  if (!/^[-–—―]$/u.test(word)) return word;
  return /^\p{N}/u.test(next) || /\p{N}$/u.test(before) ? word : '–';
}
