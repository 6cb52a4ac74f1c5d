import { describe, expect, it } from 'vitest';
import { categories } from '../../../src/articles/article.ts';
import { newArticleSchema } from '../../../src/articles/schemas.ts';
import { sharedWords } from '../../../src/stack/sample-search.ts';
import { loadSamples, paraphrases, parseSample } from '../../../src/stack/samples/index.ts';

const samples = await loadSamples();
const lengths = samples.map((sample) => sample.body.split(/\s+/).length);

describe('the sample articles', () => {
  it('are forty, each with a title and a slug of its own', () => {
    expect(samples).toHaveLength(40);
    expect(new Set(samples.map(({ title }) => title)).size).toBe(40);
    expect(new Set(samples.map(({ slug }) => slug)).size).toBe(40);
    const numbers = samples.map(({ slug }) => Number(slug.slice(0, 2)));
    expect(numbers).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
  });

  it('are accepted as articles by the API', () => {
    for (const { title, body, category, tags, sourceType } of samples) {
      newArticleSchema.parse({ title, body, category, tags, source_type: sourceType });
    }
  });

  it('use every category', () => {
    expect(new Set(samples.map(({ category }) => category))).toEqual(new Set(categories));
  });

  it('are 29 short, 8 medium with headings and 3 long ones', () => {
    expect([between(150, 350), between(500, 900), between(1500, 2500)]).toEqual([29, 8, 3]);
    const long = samples.filter((_, i) => (lengths[i] ?? 0) >= 500);
    expect(long.filter(({ body }) => !/^## /m.test(body)).map(({ slug }) => slug)).toEqual([]);
  });
});

describe('the queries that go with them', () => {
  it.each(paraphrases)('"$query" shares no word with $slug', ({ query, slug }) => {
    const sample = samples.find((each) => each.slug === slug);
    if (!sample) throw new Error(`there is no sample ${slug}`);
    const { title, body, tags } = sample;
    expect(sharedWords(query, `${title} ${body} ${tags.join(' ')}`)).toEqual([]);
  });

  it('are seven, for seven articles', () => {
    expect(new Set(paraphrases.map(({ slug }) => slug)).size).toBe(7);
  });
});

describe('a word of a question', () => {
  it.each([
    ['is shared with a text whatever its case and punctuation', 'Größen', 'von (größen) und', ['größen']],
    ['is shared when a word begins like it', 'checks', 'a checklist', ['checks']],
    ['of three letters is shared only as it is', 'red', 'redo', []],
    ['is else not shared', 'unreliable checks', 'flaky tests', []],
  ])('%s', (_, question, text, shared) => {
    expect(sharedWords(question, text)).toEqual(shared);
  });
});

describe('a sample file', () => {
  const file = (front: string) => `---\n${front}\n---\nSome text.\n`;
  const front = 'title: A title: with a colon\ncategory: idea\ntags: [one, two-three]\nsource_type: notes';

  it('is read with its front matter', () => {
    expect(parseSample('01-a', file(front))).toEqual({
      slug: '01-a',
      title: 'A title: with a colon',
      category: 'idea',
      tags: ['one', 'two-three'],
      sourceType: 'notes',
      body: 'Some text.',
    });
  });

  it.each([
    ['an unknown field', `${front}\nauthor: me`],
    ['a field given twice', `${front}\ntitle: Another`],
    ['a line that is no field', `${front}\n- tag`],
    ['an unknown category', front.replace('idea', 'essay')],
    ['tags without brackets', front.replace('[one, two-three]', 'one, two-three')],
    ['an empty tag', front.replace('one, ', 'one, , ')],
    ['a missing title', front.slice(front.indexOf('category'))],
  ])('is refused with %s', (_, wrong) => {
    expect(() => parseSample('01-a', file(wrong))).toThrow(/^sample 01-a: /);
  });

  it('is refused without front matter or text', () => {
    expect(() => parseSample('01-a', 'Some text.')).toThrow('no front matter');
    expect(() => parseSample('01-a', `---\n${front}\n---\n\n`)).toThrow(/body/);
  });
});

function between(least: number, most: number) {
  return lengths.filter((n) => n >= least && n <= most).length;
}
