import { isolateTenant } from '../row-level-security.ts';

export const create = `
  -- Keyword search over the whole text. A tsvector holds 1 MB of lexemes: prose of 500,000 characters needs a tenth of
  -- that, but a text of ever new words does not fit (compounds of 4-byte letters take up to 10 bytes a character). Such a
  -- text is searchable by its first 100,000 characters, which always fit, instead of refusing the article.
  create function article_search(title text, body text) returns tsvector language plpgsql immutable as $$
  begin
    return setweight(to_tsvector('pg_catalog.english', title), 'A')
        || setweight(to_tsvector('pg_catalog.english', body), 'B');
  exception when program_limit_exceeded then
    return setweight(to_tsvector('pg_catalog.english', title), 'A')
        || setweight(to_tsvector('pg_catalog.english', left(body, 100000)), 'B');
  end $$;

  -- No GIN index on search or tags: under row-level security Postgres uses no index for an operator that is not leakproof,
  -- and neither @@ nor @> on arrays is. The planner would never touch them, yet every write would keep them up to date.
  create table articles (
    tenant_id uuid not null references tenants (id),
    id uuid not null,
    title text not null check (length(title) between 1 and 500),
    body text not null check (length(body) <= 500000),
    category text not null,
    tags text[] not null default '{}',
    status text not null check (status in ('draft', 'published', 'archived')),
    source_type text,
    metadata jsonb not null default '{}',
    revision integer not null default 1,
    -- Of the text to embed, written with the text: a vector is visible only where it agrees.
    content_hash text not null,
    -- What the proposal gate said when the article was made.
    gate_verdict text check (gate_verdict in ('low_novelty', 'novel', 'unknown', 'skipped')),
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    -- Keyword search reads every published article of a tenant, so this lies in the row itself. Out of line, 10,000 articles
    -- of 300 words took 27 ms, nearly all of it for fetching; in the row 5 ms. Compressed by lz4 they took 10 ms and 3 % less
    -- room. A tsvector that leaves no room for the rest of its row in a page is still moved out.
    search tsvector storage main not null generated always as (article_search(title, body)) stored,
    primary key (tenant_id, id)
  );
  create index articles_newest_first on articles (tenant_id, created_at desc, id desc);
  -- For a proposal whose text is there already, word for word.
  create index articles_by_text on articles (tenant_id, content_hash);
  ${isolateTenant('articles')}
`;

export const drop = 'drop table articles; drop function article_search(text, text);';
