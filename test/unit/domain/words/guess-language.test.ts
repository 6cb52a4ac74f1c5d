import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eld } from 'eld/extrasmall';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { guessLanguage } from '../../../../src/domain/words/guess-language.ts';
import { scoredLanguages } from '../../../../src/domain/words/language-ngrams.ts';

/** The answer of the library that the n-grams and the method are from. */
function byLibrary(text: string): string | null {
  const result = eld.detect(text);
  return result.language !== '' && result.isReliable() ? result.language : null;
}

/** Letters of a newer Unicode than the library's, which it takes for blanks. */
const isNewer = /[\u088f\u0c5c\u0cdc\u1c89\u1c8a\ua7cb-\ua7cf\ua7d2\ua7d4\ua7da-\ua7dc\ua7f1]/;
const samples = join(import.meta.dirname, '..', '..', '..', '..', 'src', 'stack', 'samples');
const pieces = readdirSync(samples)
  .filter((name) => name.endsWith('.md'))
  .flatMap((name) => readFileSync(join(samples, name), 'utf8').match(/[\s\S]{1,90}/g) ?? []);
const sentences = [
  'Настройки базы данных читаются при запуске службы, ёлка и йод.',
  'تتم قراءة إعدادات قاعدة البيانات عند بدء تشغيل الخدمة، كِتَابٌ.',
  '服务启动时会读取数据库连接池的设置，用Docker部署。如何避免缓存击穿',
  'サービスの起動時にデータベースの設定が読み込まれます。ｶﾀｶﾅ、コンピューター',
  '서비스가 시작될 때 데이터베이스를 읽습니다. 번역을 부탁해',
  'การค้นหาข้อมูลในระบบ',
  'διαβάζονται οι ρυθμίσεις της βάσης δεδομένων',
  'डेटाबेस की सेटिंग्स सेवा शुरू होने पर पढ़ी जाती हैं',
  'Les paramètres de la base de données sont lus au démarrage. L’été, cœur, naïve.',
  'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft ist ein Wort',
];

it('guesses the language that the library guesses, for the samples and for each language of a sentence', () => {
  const texts = [...pieces, ...sentences];
  expect(texts.map(guessLanguage)).toEqual(texts.map(byLibrary));
  expect(new Set(texts.map(guessLanguage)).size).toBeGreaterThan(10);
});

it('guesses what the library guesses for any mixture of letters, words and signs', () => {
  const letter = fc
    .integer({ min: 0x20, max: 0xfffd })
    .map((code) => String.fromCodePoint(code))
    .filter((character) => !isNewer.test(character));
  const part = fc.oneof(
    fc.constantFrom(...pieces, ...sentences),
    fc.constantFrom(...sentences.flatMap((sentence) => sentence.split(' '))),
    fc.string({ unit: fc.oneof(letter, fc.string({ unit: 'grapheme', maxLength: 1 })), maxLength: 90 }),
    fc.constantFrom(' ', '’', "'", '\u{1f600}', 'a'.repeat(69), 'é'.repeat(40)),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
      const text = parts.join('');
      expect(guessLanguage(text)).toBe(byLibrary(text));
    }),
    { numRuns: 2_000 },
  );
});

it('knows the languages of the library', () => {
  expect(scoredLanguages.map(([language]) => language)).toEqual(Object.values(eld.info().Languages));
});
