import type { Knex } from 'knex';

/**
 * Keyword search over the whole text. A tsvector holds 1 MB of lexemes: prose of 500,000 characters needs a tenth of that,
 * but a text of ever new words does not fit (compounds of 4-byte letters take up to 10 bytes a character). Such a text is
 * searchable by its first 100,000 characters, which always fit, instead of refusing the article.
 *
 * Without GIN indexes: under row-level security Postgres uses no index for an operator that is not leakproof, and neither
 * `@@` nor `@>` on arrays is. The planner never touched them, yet every write kept them up to date.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create function article_search(title text, body text) returns tsvector language plpgsql immutable as $$
    begin
      return setweight(to_tsvector('pg_catalog.english', title), 'A')
          || setweight(to_tsvector('pg_catalog.english', body), 'B');
    exception when program_limit_exceeded then
      return setweight(to_tsvector('pg_catalog.english', title), 'A')
          || setweight(to_tsvector('pg_catalog.english', left(body, 100000)), 'B');
    end $$;
    alter table articles drop column search;
    alter table articles add column search tsvector not null
      generated always as (article_search(title, body)) stored;
    drop index articles_tags;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table articles drop column search;
    alter table articles add column search tsvector not null generated always as (
      setweight(to_tsvector('english', title), 'A') || setweight(to_tsvector('english', left(body, 200000)), 'B')
    ) stored;
    create index articles_search on articles using gin (search);
    create index articles_tags on articles using gin (tags);
    drop function article_search(text, text);
  `);
}
