import { expect, test } from 'vitest';
import { categories } from '../../src/articles/article.ts';
import { parseSample, readSamples } from '../../src/stack/sample-articles.ts';
import { sharedWords } from '../../src/stack/sample-search.ts';

test('every sample has what the API asks of an article', async () => {
  const samples = await readSamples();
  expect(samples.length).toBeGreaterThanOrEqual(40);
  for (const sample of samples) {
    expect(categories, sample.name).toContain(sample.category);
    expect(sample.tags.length, sample.name).toBeGreaterThan(0);
    expect(sample.title.length, sample.name).toBeLessThanOrEqual(500);
    expect(sample.body.length, sample.name).toBeGreaterThan(100);
  }
  expect(new Set(samples.map((sample) => sample.title)).size).toBe(samples.length);
});

test('reads the head of a sample, quoted or not, and keeps rules in its text', () => {
  const text = `---\n\ntitle: "Never: again"\ncategory: finding\ntags: [one, 'two words']\nsource_type: handbook\n---\n\nText\n\n---\n\nmore\n`;
  expect(parseSample('07-never.md', text)).toEqual({
    name: '07-never',
    title: 'Never: again',
    category: 'finding',
    tags: ['one', 'two words'],
    source_type: 'handbook',
    body: 'Text\n\n---\n\nmore',
  });
});

test('names the file of a sample without a head', () => {
  expect(() => parseSample('08-bare.md', 'Just text')).toThrow('08-bare.md');
});

test('finds the words that two texts share, whatever their case and punctuation', () => {
  expect(sharedWords('Forty-two Größen', 'größen, two')).toEqual(['two', 'größen']);
  expect(sharedWords('unreliable checks', 'flaky tests')).toEqual([]);
});
