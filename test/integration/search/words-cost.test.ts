import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rankByKeyword } from '../../../src/search/keyword/keyword.ts';
import { listSimilarWords } from '../../../src/search/keyword/vocabulary-read-model.ts';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts';

let db: TestDatabase;
/** A connection whose statements end after some seconds: what a fault makes quadratic takes minutes or hours. */
let connection: pg.Client;

beforeAll(async () => {
  db = await createTestDatabase();
  connection = new pg.Client({ connectionString: db.ownerUrl, options: '-c statement_timeout=20s' });
  await connection.connect();
  await connection.query('create temp table texts (text text)');
});
afterAll(async () => {
  await connection?.end();
  await db?.drop();
});

const sentence = 'The lease ends before the holder knows it, and the next one begins its work. ';
const filled = (pattern: string, characters: number) =>
  pattern.repeat(Math.ceil(characters / pattern.length)).slice(0, characters);

/** The worst text may take as many times as long as prose. It is four to eight times on a machine of its own. */
const bound = 25;

describe('the words of a text', () => {
  const characters = 100_000;
  let prose: number;
  beforeAll(async () => {
    prose = await cost(`article_search('t', text)`, filled(sentence, characters), 5);
  });

  it.each([
    ...[
      '~/',
      './',
      '/.',
      '/~',
      'a_',
      '_a',
      '1_',
      'word_',
      'a.b/',
      '-a',
      'a-',
      '1.',
      '1e',
      'e1',
      '+1',
      '...',
      '=&',
    ],
    ...[
      '@a1',
      'a1@',
      '1x@',
      '_ex',
      '_a@',
      'a@b.c,',
      'http://',
      'www.',
      'a://b?',
      '&#1',
      '%41',
      '-é%',
      '_éa',
      'é-',
    ],
    ...['<!-- ', '<!--', '<!-- -', '<a ', '<a "', `<a "<a '`, '<?x', '</', '<!a ', '<script ', '<script>'],
    ...[
      'x',
      '日',
      'ﬁ',
      '.ﬁ&',
      '㎮',
      'ﷺ',
      '¼日',
      '¼@',
      '…',
      '😀',
      '각',
      '\u1112\u1161\u11ab',
      '\u200b',
      'a\u00ad',
    ],
    ...[
      '\u0301',
      '\u0316\u0301',
      '\u0344',
      '\u05b0\u05b4',
      '\u093c\u094d',
      '\u{1d165}\u0301',
      '\u00ad\u0301\u00ad\u0316',
    ],
    'e\u0301\u0316'.concat('\u00ad'.repeat(9)),
  ])('are found in time like that of prose: %j', async (pattern) => {
    expect(await cost(`article_search('t', text)`, filled(pattern, characters))).toBeLessThan(bound * prose);
  });

  it('are found in time like that of prose when identifiers are joined by thousands', async () => {
    const names = Array.from({ length: 12_000 }, (_, i) => `name${i.toString(36)}`);
    for (const joint of ['_', '/', '.', '-', '@', '~']) {
      const text = filled(names.join(joint), characters);
      expect(await cost(`article_search('t', text)`, text)).toBeLessThan(bound * prose);
    }
  });

  it('are found in time like that of prose, whatever repeats', async () => {
    const piece = fc.constantFrom(
      ...[
        'a',
        'b',
        '1',
        'e',
        '~',
        '/',
        '.',
        '_',
        '-',
        '@',
        ':',
        '+',
        '&',
        ';',
        '#',
        '%',
        '=',
        '?',
        '!',
        '<',
        '>',
        "'",
      ],
      ...[
        '"',
        ' ',
        '\n',
        '\\',
        '(',
        ',',
        '://',
        'www.',
        '<!--',
        '-->',
        '&#',
        '<a ',
        'example.com',
        'aaaaaaaaaaaa',
      ],
      ...['1111', 'é', '\u0301', '\u0316', '\u00ad', '日', 'ﬁ', '¼', '…', '“'],
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 5 }), async (pieces) => {
        const text = filled(pieces.join(''), characters);
        const limit = bound * prose;
        const first = await cost(`article_search('t', text)`, text, 1);
        // Other work on the machine makes single runs slow.
        const spent = first < limit ? first : await cost(`article_search('t', text)`, text, 4);
        expect(spent).toBeLessThan(limit);
      }),
      { numRuns: 80 },
    );
  }, 120_000);

  it('are read once more for 500,000 characters in five times the time, not in twenty-five', async () => {
    for (const pattern of ['~/', 'word_', '@a1', '<!-- ', '\u0316\u0301', sentence]) {
      const short = await cost(`article_search('t', text)`, filled(pattern, characters));
      const long = await cost(`article_search('t', text)`, filled(pattern, 5 * characters));
      expect(long).toBeLessThan(14 * Math.max(short, prose));
    }
  });

  it('of a title or a query take no longer than those of prose', async () => {
    const title = await cost('article_search(text, $$b$$)', filled(sentence, 500), 20);
    for (const pattern of ['~/', 'word_', '@a1', 'a1@', '<!-- ', '\u0316\u0301', 'ﷺ', '-"', '" or -']) {
      const text = filled(pattern, 500);
      expect(await cost('article_search(text, $$b$$)', text, 20)).toBeLessThan(bound * Math.max(title, 0.1));
      const query = `websearch_to_tsquery('pg_catalog.english', search_text(text))`;
      expect(await cost(query, text, 20)).toBeLessThan(bound * Math.max(title, 0.1));
    }
  });
});

/** Publishes an article by its row alone. */
async function publish(tenant: string, body: string, createdAt = '2026-01-01T00:00:00Z'): Promise<string> {
  const id = randomUUID();
  await db.database.withTenant(tenant, (tx) =>
    tx('articles').insert({
      tenant_id: tenant,
      id,
      title: 'T',
      body,
      category: 'finding',
      status: 'published',
      content_hash: id,
      created_at: createdAt,
    }),
  );
  return id;
}

async function newTenant(): Promise<string> {
  const id = randomUUID();
  await db.database.withTenant(id, (tx) => tx('tenants').insert({ id, slug: id.slice(0, 13), name: 'W' }));
  return id;
}

/** Milliseconds of the fastest of three runs. */
async function timeOf(run: () => Promise<unknown>): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 3; i += 1) {
    const start = performance.now();
    await run();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

const rank = (tenant: string, q: string) =>
  db.database.withTenant(tenant, (tx) => rankByKeyword(tx, tenant, { q, filter: {}, limit: 20 }));

describe('the rank of an article', () => {
  it('by many words that it repeats takes time like that by words that it has once', async () => {
    const words = Array.from({ length: 24 }, (_, i) => `w${i}`);
    const [once, often] = [await newTenant(), await newTenant()];
    for (let i = 0; i < 20; i += 1) {
      await publish(once, `${words.join(' ')} ${filled(sentence, 60_000)}`);
      await publish(often, filled(`${words.join(' ')} `, 60_000));
    }
    const floor = await timeOf(() => rank(once, words.join(' ')));
    const { ranked } = await rank(often, words.join(' '));
    expect(ranked).toHaveLength(20);
    expect(await timeOf(() => rank(often, words.join(' ')))).toBeLessThan(10 * floor);
  });
});

describe('the words from which right spellings are taken', () => {
  const similar = (tenant: string, maxBytes: number) =>
    db.database.withTenant(tenant, (tx) =>
      listSimilarWords(tx, tenant, ['deadlok'], {
        newest: 3,
        maxBytes,
        leastSimilarity: 0.2,
        lengthDifference: 2,
        each: 5,
      }),
    );

  it('are those of the newest articles, as many as their bytes allow', async () => {
    const tenant = await newTenant();
    await publish(tenant, 'deadlock', '2026-01-01T00:00:00Z');
    const distinct = Array.from({ length: 20_000 }, (_, i) => `zz${i.toString(36)}`).join(' ');
    await publish(tenant, distinct, '2026-01-02T00:00:00Z');
    await publish(tenant, 'deadlocks', '2026-01-03T00:00:00Z');
    expect(await similar(tenant, 10_000_000)).toEqual([{ word: 'deadlok', known: 'deadlock', articles: 2 }]);
    expect(await similar(tenant, 10_000)).toEqual([{ word: 'deadlok', known: 'deadlock', articles: 1 }]);
    expect(await similar(tenant, 1)).toEqual([]);
  });
});

/** Milliseconds of the fastest of some runs of an expression over a text, by Postgres' own clock. */
async function cost(expression: string, text: string, runs = 3): Promise<number> {
  await connection.query('truncate texts');
  await connection.query('insert into texts values ($1)', [text]);
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < runs; run += 1) {
    const { rows } = await connection.query<{ 'QUERY PLAN': [{ 'Execution Time': number }] }>(
      `explain (analyze, timing off, format json) select ${expression} from texts`,
    );
    best = Math.min(best, rows[0]?.['QUERY PLAN'][0]['Execution Time'] ?? Number.POSITIVE_INFINITY);
  }
  return best;
}
