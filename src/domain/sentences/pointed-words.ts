import { wordsOf } from './statement-words.ts';

/** Words that turn a statement round, in the languages that most texts are in. Of scripts without blanks, the single letters. */
const negations = new Set(
  (
    'not no never none neither nor without cannot nothing except unless only nicht kein keine keinen keinem keiner nie niemals ohne nur ' +
    'nunca jamás tampoco sin ningún ninguna solo sólo ne pas jamais sans aucun aucune rien sauf não nem sem nenhum apenas non mai ' +
    'senza nessuno mai niet geen nooit zonder не нет никогда без ни только nie bez nigdy tylko inte aldrig utan ikke aldri ei uten ' +
    'değil yok hiç لا ليس لم لن بدون غير ما 不 没 沒 无 無 未 非 勿 別 别 ない ず ぬ अ नहीं न मत 안 못 아니'
  ).split(' '),
);

/** Whether two statements differ in a number, a name, a unit or a negation, or in the order of the same words. */
export function isPointed(one: string, other: string): boolean {
  const [ones, others] = [wordsOf(one), wordsOf(other)];
  const changed = [...difference(ones, others), ...difference(others, ones)];
  return changed.length === 0 || changed.some((word) => isPointedWord(word)) || follows(ones, others);
}

function isPointedWord(word: string): boolean {
  const folded = word.toLowerCase();
  return (
    /\p{N}/u.test(word) ||
    /^\p{Lu}/u.test(word) ||
    /n['’]t$/u.test(folded) ||
    negations.has(folded) ||
    /[<>=!%€$£¥]/u.test(word)
  );
}

/** Whether the word behind a number is another one. */
function follows(ones: ReadonlySet<string>, others: ReadonlySet<string>): boolean {
  const units = (words: ReadonlySet<string>) => {
    const all = [...words];
    return new Set(all.filter((_, at) => /^\p{N}/u.test(all[at - 1] ?? '')));
  };
  const [mine, theirs] = [units(ones), units(others)];
  return difference(mine, theirs).some((unit) => !others.has(unit)) && difference(theirs, mine).length > 0;
}

const difference = (one: ReadonlySet<string>, other: ReadonlySet<string>) =>
  [...one].filter((word) => !other.has(word));
