import { foldedForm } from './fold.ts';
import { createLexicon } from './lexicon.ts';
import { anyOf, bothForms, eitherOf, phraseOf, quoteLexeme, quotePrefix } from './query-text.ts';
import { type Sought, type Step, soughtIn } from './query-units.ts';
import { derivedMark, furtherMark } from './word-forms.ts';

/** What finds something sought, as texts of tsqueries, and what is marked where it is found. */
export interface TermTexts {
  readonly query: string;
  readonly exact: string;
  readonly asPrefix: string | null;
  readonly marks: readonly string[];
}

/** The texts for a word or a name. */
export function textsOfWord({ whole, steps }: Sought): TermTexts {
  const last = steps.at(-1);
  const first = whole[0] ?? last?.lexemes[0] ?? '';
  const own = whole.length > 0 ? any(whole) : null;
  const chain = phrase(steps, stepText);
  const typing = phrase(steps, (step) => (step === last ? begun(step.lexemes.slice(0, 1)) : stepText(step)));
  return {
    query: anyOf([own, chain]) ?? quoteLexeme(first),
    exact: whole.length === 0 && steps.length > 1 ? (phrase(steps, exactText) ?? '') : quoteLexeme(first),
    asPrefix: first.length > 1 ? anyOf([own === null ? null : begun(whole.slice(0, 1)), typing]) : null,
    marks: marksOf(whole, steps),
  };
}

/** The texts for all words that begin as one does. */
export function textsOfPrefix(sought: Sought): TermTexts {
  const { exact, asPrefix, query } = textsOfWord(sought);
  const first = sought.whole[0] ?? sought.steps.at(-1)?.lexemes[0] ?? '';
  const marks = plainToo([first]).map((form) => `${form}*`);
  return { query: asPrefix ?? query, exact, asPrefix: null, marks };
}

/**
 * The texts for all words of a text behind one another, without their stems; null where it has none. A name is sought by its parts,
 * or all names as they are whole: what is a name here may be a plain word there, as `tiMeout` is `timeout`.
 */
export function textsOfPhrase(text: string): TermTexts | null {
  const sought = soughtIn(text, createLexicon([]), 'whole');
  const steps = sought.flatMap((some) => some.steps);
  const whole = wholeSteps(sought);
  const isOne = steps.length === 1;
  const query = anyOf([phrase(steps, isOne ? stepText : withFurther(stepText)), phrase(whole, stepText)]);
  // One name is found before its parts as words of their own.
  const name = sought.length === 1 ? sought[0]?.whole[0] : undefined;
  const exact =
    name === undefined || isOne
      ? phrase(steps, isOne ? exactText : withFurther(exactText))
      : quoteLexeme(name);
  return query === null || exact === null
    ? null
    : { query, exact, asPrefix: null, marks: marksOf([], [...steps, ...whole]) };
}

/** The steps of a phrase whose names are one word each; none where it has no name. */
function wholeSteps(sought: readonly Sought[]): Step[] {
  const steps: Step[] = [];
  let hasName = false;
  let position = 1;
  for (const { whole, steps: parts } of sought) {
    const [name] = whole;
    const first = parts[0]?.position ?? 0;
    if (name === undefined) {
      steps.push(...parts.map((part) => ({ ...part, position: position + part.position - first })));
      position += (parts.at(-1)?.position ?? first) - first + 1;
      continue;
    }
    hasName = true;
    steps.push({ position, lexemes: [...new Set([name, foldedForm(name)])], isLetter: false });
    position += 1;
  }
  return hasName ? steps : [];
}

/** The texts for one of two. */
export function textsOfEither(one: TermTexts, other: TermTexts): TermTexts {
  return {
    query: eitherOf(one.query, other.query),
    exact: eitherOf(one.exact, other.exact),
    asPrefix: null,
    marks: [...new Set([...one.marks, ...other.marks])],
  };
}

function phrase(steps: readonly Step[], textOf: (step: Step) => string): string | null {
  return phraseOf(steps.map((step) => ({ position: step.position, query: textOf(step) })));
}

function stepText({ lexemes, isLetter }: Step): string {
  return isLetter ? begun(lexemes) : any(lexemes);
}

function exactText({ lexemes, isLetter }: Step): string {
  const forms = bothForms(lexemes.slice(0, 1));
  return (isLetter ? forms.map(quotePrefix) : forms.map(quoteLexeme)).join(' | ');
}

/** A step with the further lexemes of its words, which long texts have. */
function withFurther(textOf: (step: Step) => string): (step: Step) => string {
  return (step) => {
    const further = bothForms(step.lexemes).map((lexeme) => quotePrefix(lexeme + furtherMark));
    return step.isLetter ? textOf(step) : [textOf(step), ...further].join(' | ');
  };
}

function any(lexemes: readonly string[]): string {
  return bothForms(lexemes).map(quoteLexeme).join(' | ');
}

function begun(lexemes: readonly string[]): string {
  return plainToo(lexemes).map(quotePrefix).join(' | ');
}

/** Lexemes with their forms without accents: a prefix is not in the forms of the words that begin with it. */
function plainToo(lexemes: readonly string[]): string[] {
  const forms = bothForms(lexemes.flatMap((lexeme) => [lexeme, foldedForm(lexeme)]));
  // Nothing is left of a word of signs that stretch others, and all words begin with nothing.
  return forms.filter((form) => form !== '' && form !== derivedMark);
}

function marksOf(whole: readonly string[], steps: readonly Step[]): string[] {
  const letters = steps.filter(({ isLetter }) => isLetter).flatMap(({ lexemes }) => bothForms(lexemes));
  const forms = bothForms([...whole, ...steps.flatMap(({ lexemes }) => lexemes)]);
  return [...forms, ...letters.map((form) => `${form}*`)];
}
