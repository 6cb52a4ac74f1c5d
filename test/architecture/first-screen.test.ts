import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSource, root } from './house.ts';

/** What a reader sees of a file before scrolling. */
const linesOfScreen = 50;
const testFiles = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => join('test', name));

describe('a test file', () => {
  it('has its first fact on its first screen', () => {
    const late = testFiles
      .map((file) => ({ file, line: lineOfFirstFact(readSource(file)) }))
      .filter(({ line }) => line === undefined || line > linesOfScreen)
      .map(({ file, line }) => `${file}: ${line ?? 'no fact'}`);
    expect(testFiles.length).toBeGreaterThan(0);
    expect(late).toEqual([]);
  });
});

describe('the first fact of a file', () => {
  it.each([
    "it('stands at the left', () => {",
    "  test('stands in a group', async ({ tenant }) => {",
    "  it.each(['one', 'two'])('stands behind a table: %s', (name) => {",
    "it.for<[string, number]>([['one', 1]])('stands behind a typed table: %s', () => {",
    "    it.runIf(process.platform === 'linux')('stands behind a condition', () => {",
  ])('is found where it %s', (line) => {
    expect(lineOfFirstFact(`import { it } from 'vitest';\n\n${line}\n`)).toBe(3);
  });

  it.each([
    "const it = base.extend('tenant', () => createTenant());",
    "it.beforeEach(() => empty('outbox'));",
    "describe('a group', () => {",
    '// test(it) says nothing',
  ])('is not %s', (line) => {
    expect(lineOfFirstFact(`${line}\n`)).toBeUndefined();
  });
});

/** The line that the first fact of a test file begins at, counted from 1. */
function lineOfFirstFact(text: string): number | undefined {
  const fact = /^\s*(it|test)(\.(each|for|runIf|skipIf|concurrent|sequential|fails))?[(<]/;
  const at = text.split('\n').findIndex((line) => fact.test(line));
  return at === -1 ? undefined : at + 1;
}
