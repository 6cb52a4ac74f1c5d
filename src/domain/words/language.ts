import { guessLanguage } from './guess-language.ts';

/** The languages that an article may have, as ISO 639-1 codes: those that are detected or have stems. */
export const languages = [
  ...([
    'am',
    'ar',
    'az',
    'be',
    'bg',
    'bn',
    'ca',
    'cs',
    'da',
    'de',
    'el',
    'en',
    'es',
    'et',
    'eu',
    'fa',
  ] as const),
  ...([
    'fi',
    'fr',
    'ga',
    'gu',
    'he',
    'hi',
    'hr',
    'hu',
    'hy',
    'id',
    'is',
    'it',
    'ja',
    'ka',
    'km',
    'kn',
  ] as const),
  ...([
    'ko',
    'ku',
    'lo',
    'lt',
    'lv',
    'ml',
    'mr',
    'ms',
    'my',
    'ne',
    'nl',
    'no',
    'or',
    'pa',
    'pl',
    'pt',
  ] as const),
  ...([
    'ro',
    'ru',
    'sk',
    'sl',
    'sq',
    'sr',
    'sv',
    'ta',
    'te',
    'th',
    'tl',
    'tr',
    'uk',
    'ur',
    'vi',
    'yo',
  ] as const),
  'zh',
] as const;

const read = 2_000;
// The detector reads some 350 bytes; half as many tell as much, in half the time.
const detected = 240;
// One word or two may be names, where words have blanks between them.
const fewest = 3;

/** The language of a text, by its beginning; null where it is too short or could be several. */
export function detectLanguage(text: string): string | null {
  const words = prose(text);
  if (words.split(' ').length < fewest && !/[\u0E00-\u11FF\u1780-\u17FF\u3040-\uD7FF]/.test(words))
    return null;
  return guessLanguage(words);
}

/** The words at the beginning of a text, without code and names, which are English everywhere. */
function prose(text: string): string {
  return text
    .slice(0, read)
    .replace(/```[^`]*(?:```|$)|`[^`\n]*`/g, ' ')
    .split(/[\s#*|>()[\]"“”]+/)
    .filter((word) => !/[\d/@_=<>{}\\]/.test(word))
    .join(' ')
    .trim()
    .slice(0, detected);
}
