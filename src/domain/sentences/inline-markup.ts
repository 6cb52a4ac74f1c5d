/** A paragraph without its emphasis, in which each code span is one mark that stands for it. */
export interface PlainParagraph {
  readonly text: string;
  /** Puts the code spans back into a piece of it. */
  readonly restore: (piece: string) => string;
}

/** Stands around the number of a code span. No article holds it: Postgres takes no NUL. */
const mark = '\0';

/** Between emphasis and what is outside of it stands a blank, a bracket, a quote or a sentence mark; so globs and formulas stay. */
const before = `(?<![^\\s(\\["'“‘„«¿¡—–*_])`;
const behind = `(?![^\\s)\\]"'”’»“.,;:!?…—–。，！？；：、*_])`;
const stars = new RegExp(`${before}(\\*{1,3})(?=[^\\s*/.])([^*\\n]*[^\\s*/])\\1${behind}`, 'gu');
/** Of underscores only what is no name of code: __init__ and _v2_ keep them. */
const underscores = new RegExp(`${before}(_{1,3})(?=[^\\s_/.])([^_\\n]*[^\\s_/])\\1${behind}`, 'gu');

/**
 * Takes emphasis off a paragraph and keeps its code spans as they are, without their backticks. Links, images, deletions and HTML
 * stay as they are written, because they say something: another target is another text.
 */
export function withoutEmphasis(paragraph: string): PlainParagraph {
  const spans: string[] = [];
  const marked = paragraph
    .replaceAll(mark, '')
    .replace(/(?<!`)(`{1,3})([^`]+)\1(?!`)/gu, (_, _ticks, code: string) => {
      spans.push(code.replaceAll('\n', ' '));
      return `${mark}${spans.length - 1}${mark}`;
    });
  const bare = joined(marked).replace(stars, '$2').replace(underscores, named).replace(stars, '$2');
  return {
    text: bare,
    restore: (piece) =>
      spans.length === 0 ? piece : piece.replace(/\0(\d+)\0/gu, (_, at: string) => spans[Number(at)] ?? ''),
  };
}

const joined = (paragraph: string) => paragraph.replaceAll('\n', ' ');

function named(whole: string, marks: string, inner: string): string {
  return marks.length > 1 ? (/^\w+$/.test(inner) ? whole : inner) : /^\w*\d\w*$/.test(inner) ? whole : inner;
}
