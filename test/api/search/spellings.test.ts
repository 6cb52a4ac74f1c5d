import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ArticleApi, startArticleApi } from '../articles/article-api.ts';
import { ask, search, titles, write } from './search-tenant.ts';

let api: ArticleApi;
beforeAll(async () => {
  api = await startArticleApi();
});
afterAll(() => api.close());

let tenants = 0;
const newTenant = () => {
  tenants += 1;
  return api.tenant(`spellings-${tenants}`);
};

/** Ways to write the same words, each with the plain one. */
const spellings: [string, string, string][] = [
  ['with composed and with combining accents', 'caf\u00e9', 'cafe\u0301'],
  ['with soft hyphens', 'deadlock', 'dead\u00adlock'],
  ['with ligatures', 'file office', '\ufb01le o\ufb03ce'],
  ['in full width', 'Kafka 42', '\uff2b\uff41\uff46\uff4b\uff41 \uff14\uff12'],
  ['in half width', 'カタカナ', '\uff76\uff80\uff76\uff85'],
  ['with a zero-width space, a joiner and a word joiner', 'timeout', 'ti\u200bme\u200do\u2060ut'],
  ['with a variation selector', 'retry', 'retr\ufe0fy'],
  ['as Hangul syllables and as letters', '한국어', '\u1112\u1161\u11ab\u1100\u116e\u11a8\u110b\u1165'],
  ['with the Angstrom sign', '\u00c5ngstr\u00f6m', '\u212bngstro\u0308m'],
  ['in other case', 'Äpfel', 'äPFEL'],
  ['with no-break spaces', 'connection pool', 'connection\u00a0pool'],
  ['with presentation forms of Arabic', '\u0644\u0627', '\ufefb'],
];

describe('a word', () => {
  it.each(spellings)(
    'is found %s, whichever way the article and the query write it',
    async (_how, plain, other) => {
      const tenant = await newTenant();
      await write(tenant, 'Plain', `Here is ${plain} tomorrow.`);
      await write(tenant, 'Other', `Here is ${other} tomorrow.`);
      await write(tenant, `In the title: ${other}`, 'Nothing.');
      await write(tenant, 'Unrelated', 'Here is nothing tomorrow.');
      for (const q of [plain, other, `"${plain}"`, `"${other}"`]) {
        const { data } = await search(tenant, { q, mode: 'keyword' });
        expect(new Set(titles({ data }))).toEqual(new Set(['Plain', 'Other', `In the title: ${other}`]));
        const marked = data.filter(({ title }: { title: string }) => ['Plain', 'Other'].includes(title));
        for (const { snippet } of marked)
          expect(snippet).toMatch(/^Here is (<mark>[^<]+<\/mark>\s?)+ tomorrow\.$/);
      }
      const without = await search(tenant, { q: `here -"${other}"`, mode: 'keyword' });
      expect(titles(without)).toEqual(['Unrelated']);
    },
  );

  it.each([
    ['quotation marks', 'deadlock', 'a \u201cdeadlock\u201d, \u2018deadlock\u2019 or \u00abdeadlock\u00bb'],
    ['dashes', 'deadlock', 'livelock\u2014deadlock\u2014and so on'],
    ['an ellipsis', 'deadlock', 'deadlock\u2026'],
    ['a mark of a trade or a note', 'deadlock', 'a deadlock\u2122, and a deadlock\u00b2'],
    ['punctuation of Chinese', '死锁', '\u300c死锁\u300d\u3002'],
  ])('is found beside %s', async (_what, q, body) => {
    const tenant = await newTenant();
    await write(tenant, 'It', body);
    const { data } = await search(tenant, { q, mode: 'keyword' });
    expect(titles({ data })).toEqual(['It']);
    expect(data[0].snippet).toContain(`<mark>${q}</mark>`);
  });

  it('is found behind a long run without blanks, and the snippet shows the run as it is', async () => {
    const tenant = await newTenant();
    const path = Array.from({ length: 40 }, (_, i) => `part_${i}`).join('/');
    await write(tenant, 'It', `${path} zebra <!-- and a quagga`);
    const { data } = await search(tenant, { q: 'zebra', mode: 'keyword' });
    expect(data[0].snippet).toContain('part_38/part_39 <mark>zebra</mark> &lt;!-- and a quagga');
    expect(titles(await search(tenant, { q: 'quagga', mode: 'keyword' }))).toEqual(['It']);
  });

  it('leaves the article as its author wrote it', async () => {
    const tenant = await newTenant();
    const body = spellings.map(([, , other]) => other).join(' x² \u201c \n');
    const id = await write(tenant, 'cafe\u0301', body, { tags: ['cafe\u0301', '\ufb01le'] });
    const { body: answer } = await tenant.call('GET', `/articles/${id}`);
    expect(answer.data).toMatchObject({ title: 'cafe\u0301', body, tags: ['cafe\u0301', '\ufb01le'] });
  });
});

describe('tags', () => {
  const forms: [string, string][] = [
    ['Caf\u00e9', 'cafe\u0301'],
    ['DeadLock', 'dead\u00adlock'],
    ['file', '\ufb01le'],
    ['Wide', '\uff37\uff49\uff44\uff45'],
    ['ΣΟΦΟΣ', 'σοφος'],
    ['ÜBER', 'u\u0308ber'],
  ];

  it.each(forms)('are the same in other letters of the same kind: %s and %s', async (one, other) => {
    const tenant = await newTenant();
    const id = await write(tenant, 'It', 'zebra', { tags: [one, 'net'] });
    await write(tenant, 'Other', 'zebra', { tags: ['else'] });
    for (const tag of [one, other]) {
      const tags = encodeURIComponent(tag);
      for (const match of ['all', 'any']) {
        const list = await tenant.call('GET', `/articles?tags=${tags}&tags_match=${match}`);
        expect(list.body.data.map(({ id }: { id: string }) => id)).toEqual([id]);
        const found = await search(tenant, { q: 'zebra', mode: 'keyword', tags: tag, tags_match: match });
        expect(titles(found)).toEqual(['It']);
        expect(found.data[0].tags).toEqual([one, 'net']);
      }
      const unknown = await ask(tenant, { q: 'zebra', tags: `${tag},Nowhere`, mode: 'keyword' });
      expect(unknown.body.detail).toBe('tags: no published article has "Nowhere"');
    }
  });

  it('are kept as written, the first of those that are the same', async () => {
    const tenant = await newTenant();
    const id = await write(tenant, 'It', 'zebra', {
      tags: ['Net', 'NET', 'caf\u00e9', 'cafe\u0301', 'dns', 'ne\u00adt'],
    });
    const { body } = await tenant.call('GET', `/articles/${id}`);
    expect(body.data.tags).toEqual(['Net', 'caf\u00e9', 'dns']);
    const edited = await tenant.call('PATCH', `/articles/${id}`, { body: { tags: ['net', 'Net', 'DNS'] } });
    expect(edited.body.data.tags).toEqual(['net', 'DNS']);
  });
});
