import { isolateTenant, openToScope, openToScopeForReading } from '../row-level-security.ts';

export const create = `
  -- The embedding status of each article, as clients see it.
  create table article_embeddings (
    tenant_id uuid not null,
    article_id uuid not null,
    status text not null check (status in ('not_applicable', 'pending', 'embedded', 'partial', 'blocked', 'failed')),
    reason text,
    space_id uuid,
    chunks integer,
    content_hash text,
    -- The chunks that the provider refused alone when the article was embedded last, and some of them as clients see them.
    rejected_hashes text[] not null default '{}',
    rejected_chunks jsonb not null default '[]',
    embedded_at timestamptz,
    next_attempt_at timestamptz,
    -- The API key whose write made the vectors necessary. Its daily budget pays for them; null where the tenant alone does.
    api_key_id uuid,
    updated_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, article_id),
    foreign key (tenant_id, article_id) references articles (tenant_id, id) on delete cascade,
    foreign key (tenant_id, space_id) references embedding_spaces (tenant_id, id)
  );
  -- Every search counts the articles that the serving space finds, from this index alone.
  create index article_embeddings_by_status_and_space on article_embeddings (tenant_id, status, space_id);
  -- The tenants with articles that nothing embeds are found by one probe each, and so are those with articles that a budget
  -- or a quota has blocked.
  create index article_embeddings_stuck on article_embeddings (tenant_id, updated_at) where status = 'pending';
  create index article_embeddings_parked_by_budget on article_embeddings (tenant_id, article_id)
    where status = 'blocked' and reason = 'budget_exhausted';
  create index article_embeddings_parked_by_quota on article_embeddings (tenant_id, article_id)
    where status = 'blocked' and reason = 'quota_exhausted';
  ${isolateTenant('article_embeddings')}
  ${openToScope('article_embeddings', 'reconcile')}
  ${openToScopeForReading('article_embeddings', 'metrics')}
`;

export const drop = 'drop table article_embeddings;';
