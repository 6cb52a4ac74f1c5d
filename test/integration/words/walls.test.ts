import { describe, expect } from 'vitest';
import { createKeywordSearch } from '../../../src/search/keyword/keyword.ts';
import { createArticle } from '../../support/articles.ts';
import { factsOfServices } from '../../support/fixtures.ts';
import type { TestServices, TestTenant } from '../../support/test-services.ts';

// What a statement of the application's login, with one tenant's id set, learns of the words of another tenant. Their table does not
// bind its owner, so the functions that the owner lends to the login are a way in, and are attacked as one.
const it = factsOfServices()
  .extend('attacker', ({ test }): Promise<TestTenant> => test.createTenant())
  .extend('victim', async ({ test }): Promise<TestTenant & { readonly articleId: string }> => {
    const tenant = await test.createTenant();
    const { articleId } = await createArticle(test, tenant, { title: secret, tags: [secret] });
    return { ...tenant, articleId };
  });

const secret = 'zanzibarsecret';

describe('the table of words', () => {
  it('shows nothing of another tenant, by any statement', async ({ test, attacker, victim }) => {
    await createArticle(test, attacker, { title: 'His own' });
    const as = (sql: string, values: readonly unknown[] = []) => rowsOf(test, attacker, sql, values);
    expect(await as('select distinct tenant_id from article_words')).toEqual([{ tenant_id: attacker.id }]);
    for (const [sql, values] of [
      ['select 1 from article_words where tenant_id = $1', [victim.id]],
      ['select 1 from article_words where article_id = $1', [victim.articleId]],
      ['select 1 from article_words where words @@ $1::tsquery', [secret]],
      ["select 1 from article_words where words @@ $1::tsquery and status = 'published'", [`${secret}:*`]],
      ['update article_words set status = status where tenant_id = $1 returning 1', [victim.id]],
      ['delete from article_words where article_id = $1 returning 1', [victim.articleId]],
      ['select 1 from word_versions where tenant_id = $1', [victim.id]],
    ] as const) {
      expect(await as(sql, values), sql).toEqual([]);
    }
  });

  it('shows a predicate of the attacker no row before the policy has', async ({ test, attacker, victim }) => {
    await createArticle(test, attacker, { title: 'His own' });
    const seen = await rowsOf(
      test,
      attacker,
      `create function pg_temp.shown(words tsvector) returns boolean language plpgsql cost 0.0000001 as $$
       begin raise notice '%', words; if words::text like '%${secret}%' then raise '%', words; end if; return true; end $$;
       select 1 from article_words where pg_temp.shown(words)`,
    );
    expect(seen).toHaveLength(1);
    expect(victim.articleId).toBeDefined();
  });

  it('takes no row for another tenant, and none beside the article of another', async ({
    test,
    attacker,
    victim,
  }) => {
    const insert = (tenantId: string) =>
      rowsOf(
        test,
        attacker,
        `insert into article_words (tenant_id, article_id, version, words, length, body_from, offsets, headings, tables, status, category, tag_keys)
         select $1, $2, 9, '', 0, 1, '{}', '{}', '{}', 'published', 'idea', '{}'`,
        [tenantId, victim.articleId],
      );
    await expect(insert(victim.id)).rejects.toMatchObject({ code: '42501' });
    await expect(insert(attacker.id)).rejects.toMatchObject({ code: '23503' });
  });

  it('tells nothing in a plan, in a statistic or of a planner’s estimate', async ({
    test,
    attacker,
    victim,
  }) => {
    await test.db.rawAsOwner('analyze article_words');
    const explained = await rowsOf(
      ...[test, attacker],
      `explain (analyze, costs off, timing off, summary off, buffers off)
       select 1 from article_words where words @@ '${secret}'::tsquery`,
    );
    expect(JSON.stringify(explained)).not.toContain(victim.id);
    expect(JSON.stringify(explained)).not.toContain(victim.articleId);
    const statistics = await rowsOf(
      ...[test, attacker],
      "select 1 from pg_stats where tablename in ('article_words', 'word_versions', 'articles')",
    );
    expect(statistics).toEqual([]);
  });
});

describe('functions with the owner’s rights', () => {
  it('count and rank nothing of another tenant, whatever ids and words they are given', async ({
    test,
    attacker,
    victim,
  }) => {
    await createArticle(test, attacker, { title: 'His own' });
    const counted = await rowsOf(
      ...[test, attacker],
      'select count_words(array[$1, $2], 1, array[$3]::uuid[], 1000) as counts',
      [`'${secret}'`, `!'${secret}'`, victim.articleId],
    );
    expect(counted).toEqual([{ counts: [0, 1] }]);
    for (const ranking of ['rank_by_words', 'rank_few_by_words']) {
      const directly = `select article_id from ${ranking}(array[$1, $2], array[1.0, 1.0], array[1, 1], array[$1], array[1], array[1],
        array[$1, $2], array[$1, $2], 1, '{1,1,1,1}', 1, 1, null, null, null, null, false, true, true, null, null, 10)`;
      const words = [`'${secret}'`, `!'own'`];
      expect(await rowsOf(test, attacker, directly, words), ranking).toEqual([]);
      expect(await rowsOf(test, victim, directly, words), ranking).toEqual([
        { article_id: victim.articleId },
      ]);
    }
    const { database } = test.services;
    const ranked = await database.withTenant(attacker.id, (tx) =>
      createKeywordSearch().rank(tx, victim.id, { q: secret, filter: {}, limit: 10 }),
    );
    expect(ranked.ranked).toEqual([]);
    expect(
      (
        await database.withTenant(victim.id, (tx) =>
          createKeywordSearch().rank(tx, victim.id, { q: secret, filter: {}, limit: 10 }),
        )
      ).ranked,
    ).toHaveLength(1);
  });

  it('say nothing of another tenant where they fail', async ({ test, attacker, victim }) => {
    for (const query of ["'", `${secret} &`, '!', `'${victim.articleId}' <0> 'x' |`]) {
      const failed = rowsOf(test, attacker, 'select count_words(array[$1], 1, null, null)', [query]);
      const error: unknown = await failed.catch((thrown: unknown) => thrown);
      expect(JSON.stringify(error)).not.toContain(victim.id);
    }
  });

  it.for(['article_words', 'word_versions'])(
    'read the true %s, not a view by which an attacker would get their rights',
    async (table, { test, attacker, victim }) => {
      await createArticle(test, attacker, { title: 'His own' });
      const taken = await test.services.database.withTenant(attacker.id, async (tx) => {
        await tx.raw('create temp table loot (tenant_id uuid) on commit drop');
        await tx.raw(
          `create or replace function pg_temp.steal() returns boolean language plpgsql as $$
           begin insert into pg_temp.loot select tenant_id from public.article_words; return true; end $$`,
        );
        await tx.raw(`create temp view ${table} as select * from public.${table} where pg_temp.steal()`);
        await tx.raw("select count_words(array['own'], 1, null, null)");
        // Few articles are ranked by one function, and more by another.
        await createKeywordSearch().rank(tx, attacker.id, { q: 'own', filter: {}, limit: 10 });
        await tx.raw(
          `select from rank_by_words(array['own'], array[1.0], array[1], array['own'], array[1], array[1], array['own'], array['own:A'],
             1, '{1,1,1,1}', 1, 1, null, null, null, null, false, true, true, null, null, 10)`,
        );
        await tx.raw(`drop view pg_temp.${table}`);
        return tx('loot').where({ tenant_id: victim.id }).select('tenant_id');
      });
      expect(taken).toEqual([]);
    },
  );

  it('are these', async ({ test }) => {
    expect((await lentFunctions(test)).map(({ name }) => name)).toEqual(lent);
  });

  it('are the owner’s, who is not the application’s login, and are not for everybody', async ({ test }) => {
    for (const { name, owner, acl } of await lentFunctions(test)) {
      expect(owner, name).not.toBe(await applicationRole(test));
      expect(acl, name).not.toMatch(/[{,]=X/);
    }
  });

  it('look for tables in what an attacker has made last of all', async ({ test }) => {
    for (const { name, settings } of await lentFunctions(test)) {
      expect(settings, name).toContain('search_path=pg_catalog, public, pg_temp');
    }
  });
});

/** Every function that runs with the owner's rights. A new one is attacked here before it is named. */
const lent: readonly string[] = ['count_words', 'end_audit_rows', 'rank_by_words', 'rank_few_by_words'];

const lentFunctions = async ({ db }: TestServices) =>
  (
    await db.rawAsOwner(
      `select proname, pg_get_userbyid(proowner) as owner, coalesce(proacl::text, '{=X}') as acl, proconfig
         from pg_proc where prosecdef and pronamespace = 'public'::regnamespace
          and not exists (select from pg_depend d where d.objid = pg_proc.oid and d.deptype = 'e') order by 1`,
    )
  ).map(({ proname, owner, acl, proconfig }) => ({
    ...{ name: String(proname), owner: String(owner), acl: String(acl) },
    settings: Array.isArray(proconfig) ? proconfig.map(String) : [],
  }));

async function applicationRole({ db }: TestServices): Promise<string> {
  const [row] = await db.rawAsOwner('select rolname from pg_roles where rolname = $1', [
    new URL(db.applicationUrl).username,
  ]);
  return String(row?.rolname);
}

/** The rows of a statement of the application's login with this tenant set; of the last one where there are several. */
async function rowsOf(
  { db }: TestServices,
  { id }: { readonly id: string },
  sql: string,
  values: readonly unknown[] = [],
): Promise<unknown[]> {
  return db.database.withTenant(id, async (tx) => {
    // Numbered parameters, as an attacker would write them.
    const named = Object.fromEntries(values.map((value, index) => [`p${index + 1}`, value]));
    const result: unknown = await tx.raw(sql.replaceAll('?', '\\?').replace(/\$(\d)/g, ':p$1'), named);
    const last: unknown = Array.isArray(result) ? result.at(-1) : result;
    return typeof last === 'object' && last !== null && 'rows' in last && Array.isArray(last.rows)
      ? last.rows
      : [];
  });
}
