/** Alphabets that are told apart for stems. */
export type Script =
  | 'latin'
  | 'greek'
  | 'cyrillic'
  | 'armenian'
  | 'arabic'
  | 'devanagari'
  | 'tamil'
  | 'other';

const ofLanguages: Readonly<Record<string, Script>> = {
  ...{ el: 'greek', hy: 'armenian', ta: 'tamil', hi: 'devanagari', ne: 'devanagari', mr: 'devanagari' },
  ...{ ru: 'cyrillic', uk: 'cyrillic', bg: 'cyrillic', be: 'cyrillic', sr: 'cyrillic', mk: 'cyrillic' },
  ...{
    ar: 'arabic',
    fa: 'arabic',
    ur: 'arabic',
    ku: 'arabic',
    am: 'other',
    bn: 'other',
    gu: 'other',
    he: 'other',
  },
  ...{
    ja: 'other',
    ka: 'other',
    kn: 'other',
    ko: 'other',
    lo: 'other',
    ml: 'other',
    or: 'other',
    pa: 'other',
  },
  ...{ te: 'other', th: 'other', zh: 'other', km: 'other', my: 'other' },
};

/** The script that a language is written in. */
export function scriptOfLanguage(language: string): Script {
  return ofLanguages[language] ?? 'latin';
}

/** The script of a word, by its first letter. */
export function scriptOf(word: string): Script {
  const code = word.charCodeAt(0);
  if (code < 0x250 || (code >= 0x1e00 && code < 0x1f00)) return 'latin';
  if (code >= 0x370 && code < 0x400) return 'greek';
  if (code >= 0x400 && code < 0x530) return 'cyrillic';
  if (code >= 0x530 && code < 0x590) return 'armenian';
  if (code >= 0x600 && code < 0x780) return 'arabic';
  if (code >= 0x900 && code < 0x980) return 'devanagari';
  return code >= 0xb80 && code < 0xc00 ? 'tamil' : 'other';
}
