import { detectLanguage } from '../domain/words/language.ts';
import { scriptOf, scriptOfLanguage } from '../domain/words/scripts.ts';

/** Where the language of one is not known: a query of one word or two is as far from its answer as one in another language. */
const unknown = 0.75;

/** Returns how foreign an article in a language is to a query: 0 in the same one, 1 in another. */
export function foreignnessOf(q: string): (language: string | null) => number {
  const detected = detectLanguage(q);
  const letters = [...q.matchAll(/\p{L}/gu)].map(([letter]) => scriptOf(letter));
  // A name in Latin letters stands in texts of every script.
  const script = letters.find((each) => each !== 'latin') ?? 'latin';
  return (language) => {
    if (language === null) return unknown;
    if (scriptOfLanguage(language) !== script) return 1;
    // These two hold several languages that are far from each other; of the others, short texts are often taken for a neighbour.
    if (script !== 'latin' && script !== 'other') return 0;
    if (detected === null) return unknown;
    return detected === language ? 0 : 1;
  };
}
