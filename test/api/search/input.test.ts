import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ArticleApi, startArticleApi, type TestTenant } from '../articles/article-api.ts';
import { ask, search, write } from './search-tenant.ts';

let api: ArticleApi;
let tenant: TestTenant;
let asked = 0;

beforeAll(async () => {
  api = await startArticleApi({
    queryEmbeddings: {
      embedQuery: async () => {
        asked += 1;
        return { kind: 'failed', code: 'provider_timeout' };
      },
    },
  });
  tenant = await api.tenant('hostile');
  await write(
    tenant,
    'Something <b>',
    'zebra <script>alert("zebra")</script> & \'quoted\' <img src=x onerror=alert(1)>',
  );
  await write(tenant, 'שלום', 'left-to-right \u202e and \u200b nothing; drop table articles; x:*&y');
});
afterAll(() => api.close());

const modes = ['keyword', 'semantic', 'hybrid'];

/** Nothing but text and balanced marks. */
const isSafe = (html: string) => !/[<>"']/.test(html.replace(/<mark>([^<>]*)<\/mark>/g, '$1'));

describe('a query without anything to look for', () => {
  it.each([
    ...[
      '&',
      '| !',
      '<->',
      '-',
      '"',
      '""',
      "'",
      ':*',
      '()',
      '!!!',
      '\\',
      '; --',
      '%',
      '&|!<-> ()',
      '-"',
      '@@@',
      '?',
    ],
    ...['"" - OR', 'or', 'or or or -or', '"or"', '&|!()', '\u200b', '\u202e\u202d', '…', '\u0301'],
  ])('%s is refused, in every mode, and no provider is asked', async (q) => {
    for (const mode of modes) {
      const { status, body } = await ask(tenant, { q, mode });
      expect(status).toBe(422);
      expect(body.errors).toEqual([{ path: 'q', message: 'holds nothing to search for' }]);
    }
    expect(asked).toBe(0);
  });
});

describe('a strange query', () => {
  it.each([
    ...[
      "'; drop table articles; --",
      'the and of',
      ':tenantId ? $1 ??',
      'zzz:*&(|',
      'orange or',
      '-zebra',
      'C:\\x\\',
    ],
    ...[
      'x'.repeat(500),
      '🦉'.repeat(500),
      '"'.repeat(499).concat('a'),
      'שלום \u202eעולם',
      'a\u200bb',
      '\u0301a',
    ],
    Array.from({ length: 100 }, (_, i) => String.fromCharCode(0x4e00 + i)).join(' or '),
    Array.from({ length: 250 }, (_, i) => String.fromCharCode(0x61 + (i % 26))).join(' '),
    Array.from({ length: 83 }, (_, i) => `a${i.toString(36)}-b`)
      .join(' ')
      .slice(0, 500),
    '<script>alert(1)</script>',
    '"zebra" -"quoted img"',
  ])('%s is answered', async (q) => {
    for (const mode of modes) {
      const { data } = await search(tenant, { q, mode });
      for (const { snippet } of data) expect(isSafe(snippet)).toBe(true);
    }
  });

  it.each<[string, string]>([
    ['', 'q'],
    ['q=', 'q'],
    ['q=%20%20', 'q'],
    [`q=${'x'.repeat(501)}`, 'q'],
    [`q=${encodeURIComponent('🦉'.repeat(501))}`, 'q'],
    ['q=a%00b', 'q'],
    ['q=a%1fb', 'q'],
    ['q=a&q=b', 'q'],
    ['q[]=a', 'q'],
    ['q=a&mode=psychic', 'mode'],
    ['q=a&mode=', 'mode'],
    ['q=a&category=gossip', 'category'],
    ['q=a&tags=a,,b', 'tags[1]'],
    ['q=a&tags=nowhere', 'tags'],
    ['q=a&tags_match=some', 'tags_match'],
    ['q=a&limit=0', 'limit'],
    ['q=a&limit=101', 'limit'],
    ['q=a&limit=ten', 'limit'],
    ['q=a&page=2', 'page'],
    ['q=a&cursor=nonsense', 'cursor'],
  ])('?%s is refused, and the field named', async (query, path) => {
    const { status, body } = await ask(tenant, query);
    expect(status).toBe(422);
    expect(body.code).toBe('validation_failed');
    expect(body.errors.map((error: { path: string }) => error.path)).toContain(path);
  });
});

describe('whatever a query holds', () => {
  /** What parsers of queries, SQL and HTML stumble over, among any characters at all. */
  const piece = fc.oneof(
    fc.constantFrom(
      ...[
        '"',
        "'",
        '\\',
        '-',
        ' or ',
        ' OR -',
        '|',
        '&',
        '!',
        '<->',
        '<2>',
        '(',
        ')',
        ':*',
        ':A',
        '%',
        '_',
        '?',
        '$1',
      ],
      ...[
        'zebra',
        'zbera',
        'quoted',
        '<mark>',
        '</mark>',
        '<script>',
        '&lt;',
        '; drop table articles; --',
        '\u0000',
      ],
      ...[
        '\u0001',
        '\u0002',
        '\u200b',
        '\u202e',
        '\ud800',
        '\udc00',
        '\ufffd',
        '🦉',
        'א',
        '漢字',
        '{',
        ';',
        '::text',
      ],
    ),
    fc.string({ unit: 'binary', maxLength: 8 }),
    fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
  );
  const query = fc
    .array(fc.oneof(piece, fc.constant(' ')), { maxLength: 40 })
    .map((pieces) => pieces.join(''));

  it('it is answered or refused as the client’s fault, and no snippet holds markup of its own', async () => {
    const answers = new Map<number, number>();
    await fc.assert(
      fc.asyncProperty(query, fc.constantFrom(...modes), async (q, mode) => {
        const { status, body } = await ask(tenant, { q, mode });
        answers.set(status, (answers.get(status) ?? 0) + 1);
        expect([200, 422]).toContain(status);
        if (status === 422) expect(body.errors[0].path).toBe('q');
        else for (const { snippet } of body.data) expect(isSafe(snippet)).toBe(true);
      }),
      { numRuns: 400 },
    );
    // Both kinds, or the property has tried nothing.
    expect([...answers.keys()].sort()).toEqual([200, 422]);
  });

  it('percent signs and bytes that are no text are the client’s fault too', async () => {
    for (const raw of ['%', '%ff%fe', '%c3%28', '%ed%a0%80', '%00', 'a%']) {
      const { status } = await tenant.call('GET', `/knowledge/search?q=${raw}`, {}, 'agent');
      expect([200, 422]).toContain(status);
    }
  });
});
