import fc from 'fast-check';
import { describe, expect } from 'vitest';
import type { Transaction } from '../../../src/platform/postgres/database.ts';
import { createKeywordSearch, type KeywordQuery } from '../../../src/search/keyword/keyword.ts';
import { type ArticleRow, insertArticles } from '../../support/article-rows.ts';
import { factsOfDatabase } from '../../support/fixtures.ts';
import { insertTenant } from '../../support/tenant-row.ts';

// A search by words of its own for each fact, so that it has counted nothing before.
const it = factsOfDatabase()
  .extend('tenant', ({ db }) => insertTenant(db))
  .extend('keyword', () => createKeywordSearch())
  .extend(
    'search',
    ({ db, tenant, keyword }) =>
      (q: string, more: Partial<KeywordQuery> = {}) =>
        db.database.withTenant(tenant, (tx) =>
          keyword.rank(tx, tenant, { q, filter: {}, limit: 1_000, ...more }),
        ),
  )
  .extend(
    'add',
    ({ db, tenant }) =>
      (...articles: readonly ArticleRow[]) =>
        insertArticles(db, tenant, articles),
  );

describe('the order of articles', () => {
  it('is by all of the terms before some, and by rare terms before common ones', async ({ add, search }) => {
    const [common, rare, all] = await add(
      { body: 'owl owl owl owl' },
      { body: 'quagga and others' },
      { body: `quagga with an owl ${'and much else '.repeat(50)}` },
      ...Array.from({ length: 5 }, () => ({ body: 'owl' })),
    );
    const { ranked } = await search('owl quagga');
    expect(ranked.slice(0, 3).map(({ id }) => id)).toEqual([all, rare, common]);
    expect(ranked.map(({ score }) => score >= 0.5)).toEqual([true, ...Array(7).fill(false)]);
    expect(ranked[0]?.share).toBe(1);
    expect(ranked[1]?.share).toBeGreaterThan(0.5);
    expect(ranked[2]?.share).toBeLessThan(0.5);
  });

  it('is by the field: the title, then tags, then the body', async ({ add, search }) => {
    const ids = await add(
      { title: 'An okapi here', body: 'one two' },
      { title: 'A horse here', body: 'one', tags: ['okapi'] },
      { title: 'A zebra here', body: 'okapi two' },
    );
    expect((await search('okapi')).ranked.map(({ id }) => id)).toEqual(ids);
  });

  it('is by how often an article has the term, and in how few words', async ({ add, search }) => {
    const [long, often, once] = await add(
      { body: `serval ${'x '.repeat(300)}` },
      { body: 'serval serval serval and more words' },
      { body: 'serval one two three four five' },
    );
    expect((await search('serval')).ranked.map(({ id }) => id)).toEqual([often, once, long]);
  });

  it('is by the very form before an inflected one', async ({ add, search }) => {
    const [inflected, exact] = await add({ body: 'lease' }, { body: 'leases' });
    expect((await search('leases')).ranked.map(({ id }) => id)).toEqual([exact, inflected]);
  });
});

describe('the languages of a tenant', () => {
  it('are those of its articles now: the first of a language is found by its stems at once', async ({
    add,
    search,
  }) => {
    await add({ body: 'The engine turns the wheels of the mill.', language: 'en' });
    expect((await search('Häusern')).ranked).toEqual([]);
    const [house] = await add({ body: 'Das Haus steht am Wald.', language: 'de' });
    expect((await search('Häusern')).ranked.map(({ id }) => id)).toEqual([house]);
  });
});

describe('a term that no article has', () => {
  it('costs nothing: the others are ranked as without it', async ({ add, search }) => {
    await add({ body: 'lubricate the pump' }, { body: 'a pump' }, { body: 'qwertz', status: 'draft' });
    const { ranked, known, words } = await search('pump qwertz 4711xyz lubricate');
    const without = (await search('pump lubricate')).ranked;
    expect(ranked.map(({ id, score }) => [id, score])).toEqual(without.map(({ id, score }) => [id, score]));
    expect(ranked.map(({ isWhole }) => isWhole)).toEqual([true, false]);
    expect(known).toBeLessThan(1);
    expect(ranked[0]?.share).toBeCloseTo(known);
    expect(words.map(({ status }) => status)).toEqual(['matched', 'unknown', 'unknown', 'matched']);
  });

  it('finds nothing alone', async ({ add, search }) => {
    await add({ body: 'a pump' });
    expect(await search('qwertz')).toMatchObject({ ranked: [], marks: undefined, known: 0 });
  });
});

describe('a word that no article had', () => {
  it('is found as soon as one has it, first of all words and beside others', async ({ add, search }) => {
    expect((await search('axolotl')).ranked).toEqual([]);
    const [first] = await add({ body: 'an axolotl swims' });
    expect((await search('axolotl')).ranked.map(({ id }) => id)).toEqual([first]);
    expect((await search('axolotl walrus')).words.map(({ status }) => status)).toEqual([
      'matched',
      'unknown',
    ]);
    const [second] = await add({ body: 'a walrus swims' });
    expect((await search('walrus')).ranked.map(({ id }) => id)).toEqual([second]);
  });

  it('is found at once among thousands, whose numbers are kept for a minute, by each process', async ({
    db,
    add,
    search,
    tenant,
  }) => {
    await add(...Array.from({ length: 1_200 }, () => ({ body: 'walrus' })));
    const other = createKeywordSearch();
    const searches = [
      search,
      (q: string) =>
        db.database.withTenant(tenant, (tx) => other.rank(tx, tenant, { q, filter: {}, limit: 9 })),
    ];
    for (const ask of searches) {
      expect((await ask('walrus')).ranked.length).toBeGreaterThan(0);
      expect((await ask('axolotl "narwhals dive" xeno')).ranked).toEqual([]);
    }
    const [added] = await add({ body: 'axolotls, narwhals dive, xenolith', language: 'en' });
    for (const ask of searches) {
      for (const q of ['axolotls', 'axolotl', '"narwhals dive"', 'xeno', 'walrus axolotls'])
        expect([q, (await ask(q)).ranked[0]?.id]).toEqual([q, added]);
      const { words } = await ask('walrus axolotls');
      expect(words.map(({ status }) => status)).toEqual(['matched', 'matched']);
    }
  });
});

describe('the statement for few articles', () => {
  it('ranks only where the counts say that they are few: not an option, not a page behind a cursor', async ({
    db,
    add,
    search,
  }) => {
    await add({ body: 'quagga with tar -xvf' }, { body: 'quagga' }, { body: 'tar -xvf' });
    const page = await search('quagga');
    expect(page.ranked).toHaveLength(2);
    const [{ text = '' } = {}] = await db.rawAsOwner(
      `select pg_get_functiondef('rank_few_by_words'::regproc) as text`,
    );
    const broken = String(text).replace(/\bbegin\b/i, "begin raise exception 'ranked as few';");
    expect(broken).not.toBe(text);
    try {
      await db.rawAsOwner(broken);
      await expect(search('quagga')).rejects.toThrow();
      const { ranked, words } = await search('quagga -xvf');
      expect(words.map(({ status }) => status)).toEqual(['matched', 'option']);
      expect(ranked).toHaveLength(3);
      const behind = await search('quagga', { plan: page.plan, after: page.ranked[0] });
      expect(behind.ranked).toEqual(page.ranked.slice(1));
    } finally {
      await db.rawAsOwner(String(text));
    }
  });
});

describe('a common word', () => {
  it('is sought where no other word of the query is found, if few articles have it; else it is said to be common', async ({
    add,
    search,
  }) => {
    await add(...Array.from({ length: 12 }, (_, i) => ({ body: i === 0 ? 'who and the pump' : 'the pump' })));
    const { ranked, words } = await search('who the qwertz');
    expect(ranked).toHaveLength(1);
    expect(words).toEqual([
      { word: 'qwertz', status: 'unknown' },
      { word: 'who', status: 'matched' },
      { word: 'the', status: 'common' },
    ]);
  });
});

describe('a word that more than 5,000 articles have', () => {
  it('ranks 5,000 of them, those with it in the title whichever they are', async ({ add, search }) => {
    const others = Array.from({ length: 5_200 }, (_, i) => ({
      body: `okapi ${i % 2 === 0 ? 'margay' : 'ocelot'}`,
    }));
    await add(...others);
    const titled = await add(...Array.from({ length: 200 }, () => ({ title: 'Okapi', body: 'margay' })));
    const alone = (await search('okapi', { limit: 6_000 })).ranked.map(({ id }) => id);
    expect(new Set(alone.slice(0, 200))).toEqual(new Set(titled));
    expect(alone.length).toBeLessThanOrEqual(5_000);
    expect(alone.length).toBeGreaterThanOrEqual(4_800);
    // Of the 2,800 with both all are ranked, as ever.
    const both = (await search('okapi margay', { limit: 6_000 })).ranked;
    expect(both.filter(({ isWhole }) => isWhole)).toHaveLength(2_800);
  });
});

describe('a tenant', () => {
  it('of another id is never ranked, whatever is asked', async ({ db, add, search, keyword }) => {
    await add({ body: 'lynx' });
    const other = await insertTenant(db);
    await insertArticles(db, other, [{ body: 'lynx lynx' }]);
    expect((await search('lynx')).ranked).toHaveLength(1);
    const theirs = await db.database.withTenant(other, (tx) =>
      keyword.rank(tx, other, { q: 'lynx', filter: {}, limit: 9 }),
    );
    expect(theirs.ranked).toHaveLength(1);
  });

  it('of another id is not shown by a function that answers all there is', async ({ db, add, search }) => {
    const [mine] = await add({ body: 'lynx' });
    const other = await insertTenant(db);
    const [theirs] = await insertArticles(db, other, [{ body: 'lynx lynx' }]);
    const [{ text = '' } = {}] = await db.rawAsOwner(
      `select pg_get_functiondef('rank_few_by_words'::regproc) as text`,
    );
    const wrong = String(text)
      .replace('w.tenant_id = $1', '(w.tenant_id = $1 or true)')
      .replace('where tenant_id = tenant', 'where (tenant_id = tenant or true)');
    expect(wrong).not.toBe(text);
    try {
      await db.rawAsOwner(wrong);
      const answered = await db.rawAsOwner(directly('rank_few_by_words'));
      expect(answered.map(({ article_id }) => article_id)).toEqual(expect.arrayContaining([mine, theirs]));
      expect((await search('lynx')).ranked.map(({ id }) => id)).toEqual([mine]);
    } finally {
      await db.rawAsOwner(String(text));
    }
  });

  it('is not shown by the ranking of many articles either', async ({ db, add, search }) => {
    const mine = await add(...Array.from({ length: 120 }, () => ({ body: 'lynx' })));
    const other = await insertTenant(db);
    await insertArticles(db, other, [{ body: 'lynx lynx' }]);
    const [{ text = '' } = {}] = await db.rawAsOwner(
      `select pg_get_functiondef('rank_by_words'::regproc) as text`,
    );
    const wrong = String(text).replace(/w\.tenant_id = (\$1|tenant)\b/g, '(w.tenant_id = $1 or true)');
    expect(wrong).not.toBe(text);
    try {
      await db.rawAsOwner(wrong);
      expect((await search('lynx')).ranked.map(({ id }) => id).toSorted()).toEqual(mine.toSorted());
    } finally {
      await db.rawAsOwner(String(text));
    }
  });

  it('that a transaction has not named has no words', async ({ db, add }) => {
    await add({ body: 'lynx' });
    expect(await db.rawAsApplication(directly('rank_by_words'))).toEqual([]);
    expect(await db.rawAsApplication(directly('rank_few_by_words'))).toEqual([]);
    expect(await db.rawAsApplication(`select count_words(array['lynx'], 9, '{}', 0)`)).toEqual([
      { count_words: [0] },
    ]);
  });

  it('has functions that the application alone may call', async ({ db }) => {
    const rows = await db.rawAsOwner(
      `select proname as name, array_to_string(proacl, ' ') as rights from pg_proc
        where pronamespace = 'public'::regnamespace and prosecdef and prorettype <> 'trigger'::regtype`,
    );
    const open = rows.filter(({ rights }) => rights === null || /(^| )=/.test(String(rights)));
    expect(rows.map(({ name }) => name)).toEqual(expect.arrayContaining(['count_words', 'rank_by_words']));
    expect(open).toEqual([]);
  });
});

/** The ranking for one word, asked of the function without the join. */
const directly = (
  ranking: 'rank_by_words' | 'rank_few_by_words',
) => `select article_id from ${ranking}(array['lynx'], array[1.0], array[2], array['lynx'], array[1], array[1], array['lynx'],
            array['lynx:A'], 1, '{1,1,1,1}', 1, 1, null, null, null, null, false, true, true, null, null, 10)`;

const word = fc.constantFrom('zebra', 'okapi', 'quagga', 'serval', 'ocelot', 'margay', 'caracal', 'lynx');
const articles = fc.array(
  fc.record({
    title: fc.array(word, { minLength: 1, maxLength: 2 }).map((words) => words.join(' ')),
    body: fc.array(word, { maxLength: 12 }).map((words) => words.join(' ')),
    category: fc.constantFrom('finding', 'idea'),
    tags: fc.array(word, { maxLength: 2 }),
  }),
  { minLength: 1, maxLength: 30 },
);
const query = fc.record({
  q: fc.array(word, { minLength: 1, maxLength: 5 }).map((words) => words.join(' ')),
  limit: fc.integer({ min: 1, max: 8 }),
  filter: fc.constantFrom({}, { category: 'idea' }, { tags: ['okapi'] }),
});

describe('whatever articles there are', () => {
  it('the best of a ranking are the beginning of all of it, and its pages go on where they end', async ({
    db,
  }) => {
    await fc.assert(
      fc.asyncProperty(articles, query, async (rows, { q, limit, filter }) => {
        const tenant = await insertTenant(db);
        const ids = await insertArticles(db, tenant, rows);
        const keyword = createKeywordSearch();
        const rank = (more: Partial<KeywordQuery>) =>
          db.database.withTenant(tenant, (tx) =>
            keyword.rank(tx, tenant, { q, filter, limit: 1_000, ...more }),
          );
        const whole = await rank({});
        const words = q.split(' ');
        const matching = rows.flatMap(({ title, body, category, tags }, index) => {
          const text = [title, body, category, ...tags].join(' ');
          const passes =
            (!('category' in filter) || category === filter.category) &&
            (!('tags' in filter) || tags.includes('okapi'));
          return passes && words.some((each) => text.split(' ').includes(each)) ? [ids[index]] : [];
        });
        expect(new Set(whole.ranked.map(({ id }) => id))).toEqual(new Set(matching));
        expect(whole.ranked.every(({ score }) => score > 0 && score < 1)).toBe(true);

        const paged: unknown[] = [];
        for (let after = undefined; paged.length <= rows.length; ) {
          const { ranked } = await rank({ limit, after, plan: whole.plan });
          paged.push(...ranked);
          after = ranked.at(-1);
          if (after === undefined) break;
        }
        expect(paged).toEqual(whole.ranked);
      }),
      { numRuns: 40 },
    );
  });

  it('few of them are ranked as many are, to the last digit', async ({ db }) => {
    await fc.assert(
      fc.asyncProperty(articles, query, signs, async (rows, { q, limit, filter }, [before, behind]) => {
        const tenant = await insertTenant(db);
        await insertArticles(db, tenant, rows);
        const keyword = createKeywordSearch();
        await db.database.withTenant(tenant, async (tx) => {
          const both = rankingTwice(tx);
          const asked = { q: `${before}${q}${behind}`, filter, limit };
          const { ranked, plan } = await keyword.rank(both, tenant, asked);
          await keyword.rank(both, tenant, { ...asked, plan, after: ranked.at(-1) });
        });
      }),
      { numRuns: 40 },
    );
  });
});

const signs = fc.constantFrom(
  ['', ''],
  ['"', '" ocelot'],
  ['', ' -lynx'],
  ['zebr* ', ''],
  ['unheard ', ' of'],
);

/** A transaction in which both functions rank, and have to answer the same. */
function rankingTwice(tx: Transaction): Transaction {
  const few = 'rank_few_by_words(';
  const prepared: Transaction['prepared'] = async (text, values) => {
    const rows = await tx.prepared(text, values);
    const other = text.includes(few)
      ? text.replace(few, 'rank_by_words(')
      : text.replace('rank_by_words(', few);
    if (other !== text) expect(await tx.prepared(other, values)).toEqual(rows);
    return rows;
  };
  return new Proxy(tx, {
    get: (target, property) => (property === 'prepared' ? prepared : Reflect.get(target, property)),
  });
}
