import fc from 'fast-check';
import { describe, expect } from 'vitest';
import type { ArticleApi, TestTenant } from '../articles/article-api.ts';
import { newTenant } from '../articles/article-facts.ts';
import { factsOfSearch } from './search-facts.ts';
import { ask, search, write } from './search-tenant.ts';

const it = factsOfSearch({ kind: 'failed', code: 'provider_timeout' }).extend(
  'hostile',
  { scope: 'file' },
  ({ api }) => hostileTenant(api),
);
const modes = ['keyword', 'semantic', 'hybrid'];

describe('a query without anything to look for', () => {
  it.for([
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
    ...[
      '"" - OR',
      'or',
      'or or or -or',
      '"or"',
      '&|!()',
      '\u200b',
      '\u202e\u202d',
      '…',
      '\u0301',
      '\u3164',
      '\u115f\u1160',
      '\u2800',
    ],
  ])('%s is refused, in every mode, and no provider is asked', async (q, { queries, hostile }) => {
    for (const mode of modes) {
      const { status, body } = await ask(hostile, { q, mode });
      expect(status).toBe(422);
      expect(body.errors).toEqual([{ path: 'q', message: 'holds nothing to search for' }]);
    }
    expect(queries.asked).toBe(0);
  });
});

describe('a strange query', () => {
  it.for([
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
  ])('%s is answered', async (q, { hostile }) => {
    for (const mode of modes) {
      const { data } = await search(hostile, { q, mode });
      for (const { snippet } of data) expect(isSafe(snippet)).toBe(true);
    }
  });

  it.for<[string, string]>([
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
  ])('?%s is refused, and the field named', async ([query, path], { hostile }) => {
    const { status, body } = await ask(hostile, query);
    expect(status).toBe(422);
    expect(body.code).toBe('validation_failed');
    expect(body.errors.map((error: { path: string }) => error.path)).toContain(path);
  });
});

describe('whatever a query holds', () => {
  it('it is answered or refused as the client’s fault, and no snippet holds markup of its own', async ({
    hostile,
  }) => {
    const answers = new Map<number, number>();
    await fc.assert(
      fc.asyncProperty(anyQuery(), fc.constantFrom(...modes), async (q, mode) => {
        const { status, body } = await ask(hostile, { q, mode });
        answers.set(status, (answers.get(status) ?? 0) + 1);
        expect([200, 422]).toContain(status);
        if (status === 422) expect(body.errors[0].path).toBe('q');
        else for (const { snippet } of body.data) expect(isSafe(snippet)).toBe(true);
      }),
      { numRuns: 400 },
    );
    // Both kinds, or the property has tried nothing.
    expect([...answers.keys()].sort()).toEqual([200, 422]);
    // Four hundred requests, perhaps on a busy machine.
  }, 180_000);

  it('percent signs and bytes that are no text are the client’s fault too', async ({ hostile }) => {
    for (const raw of ['%', '%ff%fe', '%c3%28', '%ed%a0%80', '%00', 'a%']) {
      const { status } = await hostile.call('GET', `/knowledge/search?q=${raw}`, {}, 'agent');
      expect([200, 422]).toContain(status);
    }
  });
});

/** A tenant whose articles hold markup, SQL and invisible characters. */
async function hostileTenant(api: ArticleApi): Promise<TestTenant> {
  const tenant = await newTenant(api);
  await write(
    tenant,
    'Something <b>',
    'zebra <script>alert("zebra")</script> & \'quoted\' <img src=x onerror=alert(1)>',
  );
  await write(tenant, 'שלום', 'left-to-right \u202e and \u200b nothing; drop table articles; x:*&y');
  return tenant;
}

/** Nothing but text and balanced marks. */
function isSafe(html: string): boolean {
  return !/[<>"']/.test(html.replace(/<mark>([^<>]*)<\/mark>/g, '$1'));
}

/** Pieces that break parsers of queries, SQL and HTML, among any characters at all. */
function anyQuery() {
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
  return fc.array(fc.oneof(piece, fc.constant(' ')), { maxLength: 40 }).map((pieces) => pieces.join(''));
}
