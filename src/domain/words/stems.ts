import { stemmer as arabic } from '@orama/stemmers/arabic';
import { stemmer as armenian } from '@orama/stemmers/armenian';
import { stemmer as bulgarian } from '@orama/stemmers/bulgarian';
import { stemmer as danish } from '@orama/stemmers/danish';
import { stemmer as dutch } from '@orama/stemmers/dutch';
import { stemmer as english } from '@orama/stemmers/english';
import { stemmer as finnish } from '@orama/stemmers/finnish';
import { stemmer as french } from '@orama/stemmers/french';
import { stemmer as german } from '@orama/stemmers/german';
import { stemmer as greek } from '@orama/stemmers/greek';
import { stemmer as hungarian } from '@orama/stemmers/hungarian';
import { stemmer as hindi } from '@orama/stemmers/indian';
import { stemmer as indonesian } from '@orama/stemmers/indonesian';
import { stemmer as irish } from '@orama/stemmers/irish';
import { stemmer as italian } from '@orama/stemmers/italian';
import { stemmer as lithuanian } from '@orama/stemmers/lithuanian';
import { stemmer as nepali } from '@orama/stemmers/nepali';
import { stemmer as norwegian } from '@orama/stemmers/norwegian';
import { stemmer as portuguese } from '@orama/stemmers/portuguese';
import { stemmer as romanian } from '@orama/stemmers/romanian';
import { stemmer as russian } from '@orama/stemmers/russian';
import { stemmer as serbian } from '@orama/stemmers/serbian';
import { stemmer as spanish } from '@orama/stemmers/spanish';
import { stemmer as swedish } from '@orama/stemmers/swedish';
import { stemmer as tamil } from '@orama/stemmers/tamil';
import { stemmer as turkish } from '@orama/stemmers/turkish';
import { stemmer as ukrainian } from '@orama/stemmers/ukrainian';
import { type Script, scriptOf, scriptOfLanguage } from './scripts.ts';

const stemmers: Readonly<Record<string, (word: string) => string>> = {
  ...{ ar: arabic, bg: bulgarian, da: danish, de: german, el: greek, en: english, es: spanish, fi: finnish },
  ...{ fr: french, ga: irish, hi: hindi, hu: hungarian, hy: armenian, id: indonesian, it: italian },
  ...{ lt: lithuanian, ne: nepali, nl: dutch, no: norwegian, pt: portuguese, ro: romanian, ru: russian },
  ...{ sr: serbian, sv: swedish, ta: tamil, tr: turkish, uk: ukrainian },
};

/** The language of words in a script that is not that of their text, such as English names in a Russian one. */
const commonest: Readonly<Partial<Record<Script, string>>> = {
  ...{
    latin: 'en',
    cyrillic: 'ru',
    greek: 'el',
    arabic: 'ar',
    devanagari: 'hi',
    armenian: 'hy',
    tamil: 'ta',
  },
};

const shortest = 3;
const longest = 40;

/**
 * The stem of an exact form in a text of a language, null where it has none. A word of another script than the language's is
 * stemmed in the commonest language of its own.
 */
export function stemOf(exact: string, language: string | null): string | null {
  if (exact.length < shortest || exact.length > longest || /[^\p{L}\p{M}]/u.test(exact)) return null;
  const script = scriptOf(exact);
  const own = language !== null && scriptOfLanguage(language) === script ? language : commonest[script];
  return own === undefined ? null : keptStem(own, exact);
}

// Articles repeat the words of their language, and a stem takes some times as long as all else about a word.
const kept = new Map<string, string | null>();
const mostKept = 20_000;

function keptStem(language: string, exact: string): string | null {
  const key = `${language} ${exact}`;
  const known = kept.get(key);
  if (known !== undefined) return known;
  const stem = stemmers[language]?.(exact) ?? '';
  const found = stem.length < 2 ? null : stem;
  if (kept.size >= mostKept) kept.clear();
  kept.set(key, found);
  return found;
}
