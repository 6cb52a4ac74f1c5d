import fc from 'fast-check';
import { encode } from 'gpt-tokenizer/encoding/cl100k_base';
import { describe, expect, it } from 'vitest';
import { articleText, bodyStartOf, contentHash } from '../../../src/domain/article-text.ts';
import {
  type Chunk,
  chunkArticle,
  chunkerVersion,
  cutText,
  maxChunkTokens,
} from '../../../src/domain/chunks.ts';
import { hasVisible } from '../../../src/domain/visible-text.ts';

const code = `export function take(lease: Lease): boolean {\n  if (lease.holder !== undefined) return false;\n\n  return true;\n}\n`;
describe('chunkArticle', () => {
  it('keeps a short article whole, in one chunk that is embedded with the title', () => {
    const input = articleText({ title: 'A title', body: 'Short.' });
    const [chunk, ...others] = chunksOf('Short.');
    expect(chunk).toMatchObject({ text: 'Short.', heading: '', input, hash: contentHash(input) });
    expect(others).toEqual([]);
  });

  it('takes the title for the text where there is no other', () => {
    expect(chunksOf(' \n\u200b').map(({ text, input }) => [text, input])).toEqual([['A title', 'A title']]);
  });

  it('gives nothing for an article of blank space', () => {
    expect(chunkArticle({ title: ' ', body: ' \n\t\u3000\n' })).toEqual([]);
  });

  describe.each(Object.entries(hardTexts()))('with half a megabyte of hard text: %s', (_, body) => {
    it('loses nothing and stays within 512 tokens', () => {
      expectWhole('A title', body);
      for (const { input, approxTokens } of chunksOf(body).slice(0, 300)) {
        expect(approxTokens).toBeLessThanOrEqual(maxChunkTokens);
        expect(encode(input, { disallowedSpecial: new Set() }).length).toBeLessThanOrEqual(512);
      }
    }, 60_000);
  });

  it('holds its promises for any text', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.string({ unit: 'grapheme', maxLength: 300 }),
      fc.constantFrom(
        '\n\n',
        '\n',
        '# ',
        '## a\n',
        '- ',
        '> ',
        '```\n',
        ' ',
        '\ud83d',
        '\udc00',
        '\r\n',
        prose(1, 1),
      ),
    );
    const text = fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(fc.string({ maxLength: 500 }), text, (title, body) => {
        const chunks = chunkArticle({ title, body });
        expectWhole(title, body);
        expect(chunkArticle({ title, body })).toEqual(chunks);
        for (const [position, chunk] of chunks.entries()) {
          expect(chunk).toMatchObject({ position, hash: contentHash(chunk.input) });
          expect(hasVisible(chunk.text)).toBe(true);
          expect(chunk.input.endsWith(chunk.text)).toBe(true);
          expect(chunk.input).not.toMatch(/\p{Surrogate}/u);
          expect(chunk.approxTokens).toBeLessThanOrEqual(maxChunkTokens);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('does not cut a character that has several code points', () => {
    const family = '👨‍👩‍👧‍👦';
    const flag = '🇩🇪';
    for (const { text } of passagesOf(fill(family, 11_000))) expect(text.replaceAll(family, '')).toBe('');
    for (const { text } of passagesOf(fill(flag, 8_000))) expect(text.replaceAll(flag, '')).toBe('');
  });

  it('starts chunks at headings, and never leaves a heading without its text', () => {
    for (const { text } of passagesOf(join(sections(12, 3)))) expect(text).toMatch(/^## Section/);
    for (const { text } of passagesOf(join(sections(12, 9)))) expect(text).not.toMatch(/\n## [^\n]*$/);
  });

  it.each([
    { size: 1, most: 1 },
    { size: 3, most: 1 },
    { size: 6, most: 3 },
    { size: 12, most: 5 },
  ])(
    'changes the chunks near an edit, one as a rule, of 40 sections of $size paragraphs',
    ({ size, most }) => {
      const before = passagesOf(join(sections(40, size)));
      const counts: number[] = [];
      for (let s = 0; s < 40; s++) {
        const parts = sections(40, size);
        const section = parts[s] ?? [];
        section[1 + (s % size)] = `An edit: ${prose(s, 99)}`;
        counts.push(changed(before, passagesOf(join(parts))));
      }
      expect(Math.max(...counts)).toBeLessThanOrEqual(most);
      expect(counts.reduce((sum, count) => sum + count, 0)).toBeLessThan(1.5 * counts.length);
    },
  );

  it('changes only chunks beside an edit, never one further away', () => {
    const parts = sections(40, 12);
    const before = passagesOf(join(parts));
    const edited = sections(40, 12);
    const section = edited[20] ?? [];
    section[5] = `An edit: ${prose(20, 99)}`;
    const known = new Set(before.map(({ hash }) => hash));
    const after = passagesOf(join(edited));
    const places = after.filter(({ hash }) => !known.has(hash)).map(({ position }) => position);
    const at = after.findIndex(({ text }) => text.includes('An edit'));
    expect(places.length).toBeGreaterThan(0);
    for (const place of places) expect(Math.abs(place - at)).toBeLessThanOrEqual(3);
  });

  it('keeps nearly all chunks when a word is put at the start of a long text without headings', () => {
    const body = Array.from({ length: 300 }, (_, p) => prose(p % 17, p)).join('\n\n');
    expect(changed(passagesOf(body), passagesOf(`Well. ${body}`))).toBeLessThanOrEqual(2);
    const line = body.replaceAll('\n\n', ' ');
    expect(changed(passagesOf(line), passagesOf(`Well. ${line}`))).toBeLessThanOrEqual(2);
  });

  it('buys all chunks when the title changes, and those below a heading when that does', () => {
    const body = join(sections(20, 9));
    const before = chunkArticle({ title: 'Old', body });
    expect(changed(before, chunkArticle({ title: 'New', body }))).toBe(before.length);
    const after = chunkArticle({ title: 'Old', body: body.replace('## Section 7:', '## Chapter 7:') });
    const known = new Set(before.map(({ hash }) => hash));
    const bought = after.filter(({ hash }) => !known.has(hash));
    expect(bought.length).toBeGreaterThan(1);
    for (const { heading } of bought) expect(heading).toMatch(/^Chapter 7:/);
  });

  it('gives what this version gave: raise chunkerVersion together with this line', () => {
    const body = `${join(sections(9, 4))}\n\n- ${prose(1, 1)}\n- two\n\n\`\`\`ts\n${fill(code, 3_000)}\n\`\`\`\n\n${fill('知识库。検索。', 900)}\n\n${fill('😀é', 900)}`;
    const all = chunksOf(body).map((chunk) => `${chunk.hash}:${chunk.approxTokens}`);
    expect([chunkerVersion, all.length, contentHash(all.join('\n'))]).toEqual([
      3,
      22,
      'c236de6a28c4fc92736b51d03df914b6a2668dc9af64c22dc207a84d3448f1d0',
    ]);
  });
});

function fill(piece: string, length = 500_000) {
  return piece.repeat(Math.ceil(length / piece.length)).slice(0, length);
}

/** Expects that the cuts of an article leave out nothing that a reader sees, and repeat nothing. */
function expectWhole(title: string, body: string): void {
  const text = articleText({ title, body });
  const bodyStart = bodyStartOf(text);
  const cut = cutText(text).map(({ start, end }) => text.slice(start, end));
  expect(visible(cut.join(''))).toBe(visible(bodyStart === text.length ? text : text.slice(bodyStart)));
}

function visible(text: string) {
  return hasVisible(text)
    ? Array.from(text)
        .filter((character) => hasVisible(character))
        .join('')
    : '';
}

function passagesOf(body: string) {
  return chunksOf(body).filter(({ isCard }) => !isCard);
}

function chunksOf(body: string) {
  return chunkArticle({ title: 'A title', body });
}

/** Pseudo-random but always the same: a linear congruential generator over an alphabet. */
function scramble(alphabet: string, length: number): string {
  const letters = [...alphabet];
  let state = 7;
  let text = '';
  while (text.length < length) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    text += letters[(state >>> 8) % letters.length] ?? '';
  }
  return text;
}

function prose(section: number, paragraph: number) {
  return (
    `Paragraph ${paragraph} of section ${section} explains how a worker takes a lease, renews it while it works, and ` +
    `gives it back. When the process dies the lease runs out on the clock of the database, so another one takes over.`
  );
}

function sections(count: number, paragraphs: number): string[][] {
  return Array.from({ length: count }, (_, s) => [
    `## Section ${s}: ${scramble('abcdefgh ', 5 + s)}`,
    ...Array.from({ length: paragraphs }, (_, p) => prose(s, p)),
  ]);
}

function join(parts: string[][]) {
  return parts.map((part) => part.join('\n\n')).join('\n\n');
}

function changed(before: Chunk[], after: Chunk[]): number {
  const known = new Set(before.map((chunk) => chunk.hash));
  return after.filter((chunk) => !known.has(chunk.hash)).length;
}

/** Texts of up to half a megabyte that chunkers are slow with, or cut in the wrong way. */
function hardTexts(): Record<string, string> {
  const half = 500_000;
  return {
    'English prose': fill(`${prose(1, 1)}\n\n`),
    'one endless line of prose': fill(`${prose(1, 1)} `),
    code: fill(code),
    'fenced code': `\`\`\`ts\n${fill(code)}\n\`\`\``,
    Chinese: fill(
      '知识库把文章切成小块，每一块都有自己的摘要。搜索时先找到最接近的块，再回到文章。',
      200_000,
    ),
    Japanese: fill('記事は小さな塊に分けられます。検索はもっとも近い塊を見つけ、記事に戻ります。', 200_000),
    Russian: fill('Каждая статья делится на части, и у каждой части есть своя контрольная сумма. ', 200_000),
    'rare Han': scramble(
      String.fromCodePoint(...Array.from({ length: 20_000 }, (_, i) => 0x4e00 + i)),
      100_000,
    ),
    'rare Hangul': scramble(
      String.fromCodePoint(...Array.from({ length: 11_000 }, (_, i) => 0xac00 + i)),
      100_000,
    ),
    emoji: fill('😀🎉🚀', 200_000),
    'joined emoji': fill('👨‍👩‍👧‍👦', 200_000),
    'one word of one letter': fill('x'),
    'one word of many letters': scramble('abcdefghijklmnopqrstuvwxyz', half),
    base64: scramble('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', half),
    digits: scramble('0123456789', half),
    punctuation: scramble('!@#$%^&*()_+-=[]{}|;:\'",.<>?/`~', half),
    'blank space between two words': `a${fill(' \n\t ', half - 2)}b`,
    'stacked accents': `a${fill('\u0301\u0323', 200_000)}`,
    headings: fill('# a\n'),
    'list items': fill('- a\n'),
    quotes: fill('>'),
    table: `| a | b |\n| - | - |\n${fill('| one | two |\n')}`,
  };
}
