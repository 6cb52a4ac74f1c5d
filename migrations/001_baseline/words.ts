import { isolateTenant, isolateTenantButOwner, openToScopeForReading } from '../row-level-security.ts';

export const create = `
  -- Finds a tenant's words by one index on tenant and words. It is a trusted extension: a login with CREATE on the database may
  -- create it.
  create extension if not exists btree_gin;

  -- The words of articles, as the analyzer of one version has found them. Under row-level security Postgres uses an index only for
  -- leakproof operators, and @@ is none, so this table is enabled without force: functions of the owner search it by its index,
  -- take the tenant from the setting and return ids and scores, which are joined with the articles under their policies.
  create table article_words (
    tenant_id uuid not null,
    article_id uuid not null,
    version smallint not null,
    -- Of the text, as an ISO 639-1 code: set by the author, or detected.
    language text,
    -- A: title, B: tags and category, C: headings, D: the rest of the body. Stored in the row, because a ranking reads many: out of
    -- line 10,000 articles took five times as long.
    words tsvector storage main not null,
    -- The number of words.
    length integer not null,
    -- The position of the body's first word, and where every 64th word of the body starts, in characters.
    body_from integer not null,
    offsets integer[] not null,
    -- Pairs, in characters of the body: where the line of a heading starts, with its level; where a table starts and ends.
    headings integer[] not null default '{}',
    tables integer[] not null default '{}',
    -- Copies of the article's own columns, so that a ranking needs no other table.
    status text not null,
    category text not null,
    tag_keys text[] not null,
    primary key (tenant_id, article_id, version),
    foreign key (tenant_id, article_id) references articles (tenant_id, id) on delete cascade
  );
  -- New entries are collected in the index's pending list (fastupdate): with 1,500 articles of 300 words an insert took 0.46 ms by
  -- it, 1.42 ms without it, and 0.39 ms without the index.
  create index article_words_by_word on article_words using gin (tenant_id, words) where status = 'published';
  ${isolateTenantButOwner('article_words')}

  -- The version of the analyzer whose words serve a tenant's searches (without a row 1), and the one whose rows the worker
  -- completes. Just after a change both are the same: writes of an earlier release may still have left some out.
  create table word_versions (
    tenant_id uuid primary key references tenants (id),
    serving smallint not null,
    building smallint check (building >= serving),
    changed_at timestamptz not null default clock_timestamp()
  );
  ${isolateTenant('word_versions')}
  ${openToScopeForReading('word_versions', 'reconcile')}
`;

export const drop = `
  drop table word_versions;
  drop table article_words;
  drop extension btree_gin;
`;
