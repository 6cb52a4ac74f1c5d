import { isolateTenant, openToScopeForReading } from '../row-level-security.ts';

export const create = `
  -- No GIN index on tags: under row-level security Postgres uses an index only for leakproof operators, and @> on arrays is none.
  -- The planner would never use the index, but every write would have to update it.
  create table articles (
    tenant_id uuid not null references tenants (id),
    id uuid not null,
    title text not null check (length(title) between 1 and 500),
    body text not null check (length(body) <= 500000),
    category text not null,
    tags text[] not null default '{}',
    -- The tags by which articles are found: without case, in one spelling.
    tag_keys text[] not null generated always as (fold_tags(tags)) stored,
    status text not null check (status in ('draft', 'published', 'archived')),
    source_type text,
    -- The language that the author has set, as an ISO 639-1 code; null where it is detected.
    language text,
    -- The language in which the words of the text were found, as it was detected at the last write.
    detected_language text,
    metadata jsonb not null default '{}',
    revision integer not null default 1,
    -- The hash of the text to embed, written with the text. A vector is visible only if it was made for this hash.
    content_hash text not null,
    -- The verdict of the proposal gate when the article was created.
    gate_verdict text check (gate_verdict in ('low_novelty', 'novel', 'unknown', 'skipped')),
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id)
  );
  create index articles_newest_first on articles (tenant_id, created_at desc, id desc);
  -- For a proposal whose text already exists, word for word.
  create index articles_by_text on articles (tenant_id, content_hash);
  -- For a proposal whose words a draft of the gate has.
  create index articles_gate_drafts on articles (tenant_id, created_at desc)
    where status = 'draft' and gate_verdict in ('low_novelty', 'novel');
  ${isolateTenant('articles')}

  -- The classification of an article whose author chose no category. Without a row its category is a person's choice.
  create table article_classifications (
    tenant_id uuid not null,
    article_id uuid not null,
    status text not null default 'pending' check (status in ('pending', 'classified', 'blocked', 'failed')),
    reason text,
    confidence double precision check (confidence between 0 and 1),
    classified_at timestamptz,
    -- Raised when a key or a model changes: what was found out with the old one is not written afterwards.
    round integer not null default 0,
    -- When the reconciler starts the workflow, unless something happens before. Null where time changes nothing.
    due_at timestamptz,
    -- The API key of the author, whose daily budget pays.
    api_key_id uuid,
    updated_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, article_id),
    foreign key (tenant_id, article_id) references articles (tenant_id, id) on delete cascade,
    check ((status = 'classified') = (classified_at is not null))
  );
  create index article_classifications_due on article_classifications (tenant_id, due_at) where due_at is not null;
  create index article_classifications_waiting on article_classifications (tenant_id)
    where status in ('pending', 'blocked');
  ${isolateTenant('article_classifications')}
  ${openToScopeForReading('article_classifications', 'reconcile')}

  -- An article that was drafted from others: the draft is \`into_id\`, and each row names one of the others.
  create table article_links (
    tenant_id uuid not null,
    from_id uuid not null,
    into_id uuid not null,
    created_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, into_id, from_id),
    foreign key (tenant_id, from_id) references articles (tenant_id, id) on delete cascade,
    foreign key (tenant_id, into_id) references articles (tenant_id, id) on delete cascade,
    check (from_id <> into_id)
  );
  create index article_links_from on article_links (tenant_id, from_id, created_at desc);
  ${isolateTenant('article_links')}

  -- The merges under way, so that one pair is not paid for twice at the same time. The lease of a process that died ends by itself.
  create table article_merges (
    tenant_id uuid not null references tenants (id),
    first_id uuid not null,
    second_id uuid not null,
    claim_id uuid not null,
    leased_until timestamptz not null,
    primary key (tenant_id, first_id, second_id),
    check (first_id < second_id)
  );
  ${isolateTenant('article_merges')}
`;

export const drop = `
  drop table article_merges;
  drop table article_links;
  drop table article_classifications;
  drop table articles;
  
`;
