import fc from 'fast-check';
import { encode } from 'gpt-tokenizer/encoding/cl100k_base';
import { describe, expect, it } from 'vitest';
import { letterTokens } from '../../../src/domain/chunking/letter-tokens.ts';
import { estimateTokens } from '../../../src/domain/tokens.ts';

/** Letters, digits and marks of ranges of code points, rare and common ones alike. */
const scripts: Readonly<Record<string, readonly [first: number, last: number]>> = {
  'Latin with accents': [0xc0, 0x24f],
  'Vietnamese Latin': [0x1e00, 0x1eff],
  Greek: [0x370, 0x3ff],
  'old Greek': [0x1f00, 0x1fff],
  Cyrillic: [0x400, 0x52f],
  Armenian: [0x531, 0x587],
  Hebrew: [0x591, 0x5f4],
  Arabic: [0x610, 0x6d3],
  'Arabic in forms': [0xfb50, 0xfdfd],
  Devanagari: [0x900, 0x97f],
  Bengali: [0x980, 0x9ff],
  Tamil: [0xb80, 0xbff],
  Thai: [0xe01, 0xe5b],
  Georgian: [0x10a0, 0x10ff],
  Ethiopic: [0x1200, 0x137f],
  kana: [0x3041, 0x30ff],
  Han: [0x4e00, 0x9fff],
  'rare Han': [0x3400, 0x4dbf],
  Hangul: [0xac00, 0xd7a3],
  Gothic: [0x10330, 0x1034a],
};

describe('the estimate of tokens', () => {
  it.each(Object.entries(scripts))('is a bound for any letters of a script: %s', (_script, range) => {
    fc.assert(
      fc.property(fc.array(wordOf(range), { minLength: 20, maxLength: 60, size: 'max' }), (words) => {
        const text = words.join('');
        // The last blank may be a token of its own.
        const leftOut = 1 + blanksBeforeCommonLetters(text);
        expect(tokensOf(text)).toBeLessThanOrEqual(estimateTokens(text) + leftOut);
      }),
      { numRuns: 60 },
    );
  });

  it('leaves out a token where a blank takes the first byte of a letter that is one token by itself', () => {
    for (const letter of ['\u0bc1', '息', '름']) {
      const text = `${letter} `.repeat(20).trim();
      expect(tokensOf(text)).toBe(estimateTokens(text) + blanksBeforeCommonLetters(text));
    }
  });

  it('is a bound for the letters that are two tokens each, in words and apart', () => {
    const rare = 'ѧѫѣѳѵѡѿѯѱѩѭӛӝӟӣӥӧөӫӭӯӱӳӵӹԑԓ'.repeat(16);
    for (const text of [rare, [...rare].join(' '), [...rare].join('\n')]) {
      expect(tokensOf(text)).toBeGreaterThan(text.length * 0.6);
      expect(tokensOf(text)).toBeLessThanOrEqual(estimateTokens(text));
    }
  });

  it('is no less for a character than the vocabulary spends on it, and no more than its bytes', () => {
    const wrong: string[] = [];
    for (let code = 0x80; code < 0x10000; code += 1) {
      if (code >= 0xd800 && code <= 0xdfff) continue;
      const character = String.fromCharCode(code);
      const tokens = letterTokens(code);
      const isRight = tokensOf(character) <= tokens && tokens <= Buffer.byteLength(character);
      // A common character is one token, and no other is.
      if (!isRight || (tokens === 1) !== (tokensOf(character) === 1)) wrong.push(character);
    }
    expect(wrong).toEqual([]);
  });

  it.each([
    [
      'English',
      'Each article is cut into pieces, and every piece has a checksum of its own that says what it holds.',
      2,
    ],
    [
      'German',
      'Jeder Artikel wird in Stücke zerlegt, und jedes Stück hat eine eigene Prüfsumme über seinen Inhalt.',
      1.8,
    ],
    [
      'French',
      'Chaque article est découpé en morceaux, et chaque morceau possède sa propre somme de contrôle.',
      1.8,
    ],
    [
      'Polish',
      'Każdy artykuł jest dzielony na części, a każda część ma własną sumę kontrolną swojej treści.',
      1.8,
    ],
    [
      'Russian',
      'Каждая статья делится на части, и у каждой части есть своя контрольная сумма её содержания.',
      2.8,
    ],
    ['Greek', 'Κάθε άρθρο χωρίζεται σε κομμάτια και κάθε κομμάτι έχει το δικό του άθροισμα ελέγχου.', 1.6],
    ['Arabic', 'يتم تقسيم كل مقال إلى أجزاء ولكل جزء مجموع تدقيق خاص به يدل على محتواه.', 1.9],
    ['Hebrew', 'כל מאמר מחולק לחלקים ולכל חלק יש סכום ביקורת משלו שמעיד על תוכנו.', 1.7],
    ['Thai', 'บทความแต่ละบทความถูกแบ่งออกเป็นส่วนๆ และแต่ละส่วนมีผลรวมตรวจสอบของตัวเอง', 1.6],
    ['Hindi', 'प्रत्येक लेख को भागों में काटा जाता है और हर भाग का अपना चेकसम होता है।', 1.7],
    ['Chinese', '知识库把文章切成小块，每一块都有自己的摘要。搜索时先找到最接近的块，再回到文章。', 1.6],
    ['Japanese', '記事は小さな塊に分けられます。検索はもっとも近い塊を見つけ、記事に戻ります。', 1.6],
    ['Korean', '각 기사는 조각으로 나뉘며 각 조각에는 내용을 나타내는 고유한 체크섬이 있습니다.', 1.6],
    ['Uyghur', 'ھەر بىر ماقالە پارچىلارغا بۆلىنىدۇ، ھەر بىر پارچىنىڭ ئۆزىنىڭ تەكشۈرۈش يىغىندىسى بار.', 1.5],
    [
      'code',
      'export function take(lease: Lease): boolean {\n  if (lease.holder !== undefined) return false;\n}\n',
      2.2,
    ],
  ])('is a bound for prose, and not much more: %s', (_language, sentence, most) => {
    const text = `${sentence} `.repeat(5).trim();
    const ratio = estimateTokens(text) / tokensOf(text);
    expect(ratio).toBeGreaterThanOrEqual(1);
    expect(ratio).toBeLessThan(most);
  });
});

/** A word of up to eight letters of a script, with what may stand behind it. */
function wordOf([first, last]: readonly [number, number]) {
  const letter = fc
    .integer({ min: first, max: last })
    .map((code) => String.fromCodePoint(code))
    .filter((character) => /[\p{L}\p{M}\p{N}]/u.test(character));
  const end = fc.constantFrom('', ' ', ' ', ', ', '. ', '\n', '-', '/');
  return fc
    .tuple(fc.array(letter, { minLength: 1, maxLength: 8 }), end)
    .map(([letters, behind]) => letters.join('') + behind);
}

/** The blanks whose tokens may be one more than their estimate. */
function blanksBeforeCommonLetters(text: string): number {
  const letters = Array.from(
    text.matchAll(/ (\P{ASCII})/gu),
    ([, letter = '']) => letter.codePointAt(0) ?? 0,
  );
  return letters.filter((code) => letterTokens(code) === 1).length;
}

function tokensOf(text: string): number {
  return encode(text, { disallowedSpecial: new Set() }).length;
}
