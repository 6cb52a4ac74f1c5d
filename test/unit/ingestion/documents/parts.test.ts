import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DocumentPart } from '../../../../src/ingestion/documents/document.ts';
import { halvesOf, splitIntoParts } from '../../../../src/ingestion/documents/parts/split-into-parts.ts';

const paragraph = (words: number) => `${'word '.repeat(words).trim()}.`;
const textsOf = (markdown: string, parts: readonly DocumentPart[]) =>
  parts.map(({ start, end }) => markdown.slice(start, end));

/** Lines of Markdown in any order, and text of any kind between them. */
const anyMarkdown = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.constantFrom('# One', '## Two', '### Three', 'Title', '===', '---', '```', '| a | b |', '| - | - |'),
      fc.constantFrom(
        '- item',
        '> quote',
        '    code',
        '',
        '\t',
        '<div>',
        '語の文。次の文。',
        'A sentence. Another one!',
      ),
      fc.integer({ min: 1, max: 40 }).map(paragraph),
    ),
    { maxLength: 60 },
  )
  .map((lines) => lines.join('\n'));

describe('the parts of a document', () => {
  it('cover any text in order, without gap or overlap, each within the bound', () => {
    fc.assert(
      fc.property(anyMarkdown, fc.integer({ min: 2, max: 400 }), (markdown, bound) => {
        const parts = splitIntoParts(markdown, bound);
        expect(textsOf(markdown, parts).join('')).toBe(markdown);
        let at = 0;
        for (const { start, end } of parts) {
          expect(start).toBe(at);
          expect(end - start).toBeLessThanOrEqual(bound);
          expect(end).toBeGreaterThan(start);
          at = end;
        }
        expect(splitIntoParts(markdown, bound)).toEqual(parts);
      }),
      { numRuns: 300 },
    );
  });

  it('have halves that cover any part exactly', () => {
    fc.assert(
      fc.property(anyMarkdown, fc.integer({ min: 2, max: 400 }), (markdown, bound) => {
        for (const part of splitIntoParts(markdown, bound)) {
          const halves = halvesOf(part, markdown);
          if (halves === undefined) {
            expect(part.end - part.start).toBeLessThanOrEqual(2);
            continue;
          }
          expect(halves.map(({ start, end }) => [start, end])).toEqual([
            [part.start, halves[0].end],
            [halves[0].end, part.end],
          ]);
          expect(halves.every(({ start, end }) => end > start)).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('do not tear a character of two code units', () => {
    const markdown = '😀'.repeat(500);
    const parts = splitIntoParts(markdown, 101);
    expect(textsOf(markdown, parts).every((text) => !/\p{Surrogate}/u.test(text))).toBe(true);
  });

  it('are none of an empty text', () => {
    expect(splitIntoParts('')).toEqual([]);
  });

  it('are whole sections under their headings, and small neighbours are one', () => {
    const section = (heading: string, words: number) => `${heading}\n\n${paragraph(words)}\n\n`;
    const markdown = [
      section('# Storage', 10),
      section('## Backups', 30),
      section('## Restores', 30),
      section('# Network', 90),
    ].join('');
    const parts = splitIntoParts(markdown, 500);
    expect(parts.map(({ path }) => path)).toEqual([['Storage'], ['Network']]);
    const small = splitIntoParts(markdown, 330);
    expect(small.map(({ path }) => path)).toEqual([
      ['Storage'],
      ['Storage', 'Restores'],
      ['Network'],
      ['Network'],
    ]);
  });

  it('take the headings out of code for code, and underlined headings for headings', () => {
    const markdown = `Guide\n=====\n\n\`\`\`\n# not a heading\n\`\`\`\n\nSteps\n-----\n\n${paragraph(50)}\n`;
    expect(splitIntoParts(markdown, 280).map(({ path }) => path)).toEqual([['Guide'], ['Guide', 'Steps']]);
  });

  it('keep a code block and a table whole where they fit', () => {
    const code = `\`\`\`ts\n${'const answer = 42;\n\n'.repeat(12)}\`\`\`\n`;
    const table = `| name | size |\n| --- | --- |\n${'| row | 17 |\n'.repeat(15)}`;
    for (const block of [code, table]) {
      const markdown = `${paragraph(10)}\n\n${block}\n${paragraph(60)}\n`;
      const texts = textsOf(markdown, splitIntoParts(markdown, 300));
      expect(texts.some((text) => text.includes(block.trimEnd()))).toBe(true);
    }
  });

  it('cut a long paragraph behind a sentence, and a heading is not left alone above a long list', () => {
    const sentences = 'Every copy is encrypted before it leaves the host. '.repeat(40);
    const texts = textsOf(sentences, splitIntoParts(sentences, 300));
    expect(texts.slice(0, -1).every((text) => text.endsWith('. '))).toBe(true);
    const list = `## Steps\n\n${'- one step of many\n'.repeat(60)}`;
    const [first = ''] = textsOf(list, splitIntoParts(list, 300));
    expect(first.length).toBeGreaterThan(200);
    expect(first.endsWith('\n')).toBe(true);
  });

  it('are few and even: no crumb is left behind a long section', () => {
    const markdown = `${paragraph(18)}\n\n`.repeat(135);
    const lengths = splitIntoParts(markdown).map(({ start, end }) => end - start);
    expect(lengths).toHaveLength(2);
    expect(Math.min(...lengths)).toBeGreaterThan(4_000);
  });

  it('are found in linear time in a text made to be slow', () => {
    for (const piece of [
      '#\n',
      '- ',
      '> ',
      '`',
      '# a\n\n',
      '||\n--|\n',
      'a. ',
      '\n',
      '*',
      '    x\n',
      '#'.repeat(7),
    ]) {
      const markdown = piece.repeat(Math.floor(300_000 / piece.length));
      const parts = splitIntoParts(markdown);
      expect(parts.at(-1)?.end).toBe(markdown.length);
    }
  });
});
