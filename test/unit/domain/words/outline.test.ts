import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maxPlaces, outlineOf } from '../../../../src/domain/words/outline.ts';

const table = '| a | b |\n| --- | --- |\n| 1 | 2 |\n| 3 | 4 |';

describe('the outline of a text', () => {
  it('has the headings with their places and levels', () => {
    expect(outlineOf('# One\n\nText.\r\n\r\n### Two\r\nText\n\nThree\n===\nFour\n---\n').headings).toEqual([
      [0, 1],
      [16, 3],
      [31, 1],
      [41, 2],
    ]);
  });

  it('has no heading of code, quotes, lists or tags', () => {
    expect(outlineOf('```\n# a\n```\n\n    # b\n\n> # c\n\n- # d\n\n#e\n\n####### f\n').headings).toEqual([]);
    expect(outlineOf('~~~\n```\n# a\n~~~\n# b').headings).toEqual([[16, 1]]);
  });

  it('has the tables from their header row to their last row', () => {
    const text = `Text.\n\n${table}\n\nMore.\n\n${table}`;
    const { tables } = outlineOf(text);
    expect(tables.map(([start, end]) => text.slice(start, end))).toEqual([table, table]);
    expect(outlineOf(`\`\`\`\n${table}\n\`\`\``).tables).toEqual([]);
    expect(outlineOf('a\n\n| --- | --- |\n| 1 | 2 |').tables).toEqual([]);
    const windows = table.replaceAll('\n', '\r\n');
    expect(outlineOf(`${windows}\r\n\r\nText`).tables).toEqual([[0, windows.length]]);
  });

  it('counts characters, as the database does, not their halves', () => {
    const text = `🦉🦉\n\n# 🦉 One\n\n${table}\n\nTwo 🦉\n---`;
    const { headings, tables } = outlineOf(text);
    const characters = Array.from(text);
    expect(headings.map(([at]) => characters.slice(at, at + 5).join(''))).toEqual(['# 🦉 O', 'Two 🦉']);
    expect(tables.map(([start, end]) => characters.slice(start, end).join(''))).toEqual([table]);
  });

  it('ends where there are too many headings, and says so', () => {
    const { headings } = outlineOf('# a\n'.repeat(100_000));
    expect(headings).toHaveLength(maxPlaces);
    expect(headings.at(-2)?.[1]).toBe(1);
    expect(headings.at(-1)?.[1]).toBe(0);
    expect(outlineOf(`${table}\n\n`.repeat(10_000)).tables).toHaveLength(maxPlaces);
  });

  it('is in the order of the text and within it, whatever the text', () => {
    const line = fc.constantFrom(
      ...['# a', 'b', '---', '===', '| a |', '| - |', '```', '~~~~', '', '> # c', '🦉', '- d', '\r'],
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 40 }), (lines) => {
        const text = lines.join('\n');
        const { headings, tables } = outlineOf(text);
        const places = headings.map(([at]) => at);
        expect(places).toEqual(places.toSorted((a, b) => a - b));
        const length = Array.from(text).length;
        for (const [start, end] of tables) expect(start < end && end <= length).toBe(true);
        const apart = tables.every(([start], index) => index === 0 || start >= (tables[index - 1]?.[1] ?? 0));
        expect(apart).toBe(true);
      }),
    );
  });
});
