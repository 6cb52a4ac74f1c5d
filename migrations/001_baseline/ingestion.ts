import { isolateTenant, openToScope, openToScopeForReading } from '../row-level-security.ts';

export const create = `
  -- A document to make articles of: text, a file, or an address.
  create table ingestion_jobs (
    tenant_id uuid not null references tenants (id),
    id uuid not null,
    source_kind text not null check (source_kind in ('text', 'file', 'url')),
    -- The address or the name of the file.
    source_name text,
    -- The hash of the bytes, or of the address.
    content_hash text not null,
    source_type text not null,
    publish boolean not null,
    max_articles integer not null check (max_articles > 0),
    metadata jsonb not null default '{}',
    -- Who asked for it: the author of its articles, whose daily budget its calls use up.
    api_key_id uuid,
    actor_label text not null,
    actor_role text not null,
    actor_via text,
    status text not null default 'queued' check (status in ('queued', 'running', 'completed', 'partial', 'failed', 'cancelled')),
    -- Why it failed or what it waits for.
    code text,
    next_attempt_at timestamptz,
    -- What a reader has put right or left out, by codes of ours.
    notes text[] not null default '{}',
    cancel_requested boolean not null default false,
    created_at timestamptz not null default clock_timestamp(),
    started_at timestamptz,
    finished_at timestamptz,
    updated_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id)
  );
  -- One job under way for a content. A second request is answered with it.
  create unique index ingestion_jobs_under_way on ingestion_jobs (tenant_id, content_hash, source_type, publish)
    where status in ('queued', 'running');
  create index ingestion_jobs_newest_first on ingestion_jobs (tenant_id, created_at desc, id desc);
  create index ingestion_jobs_not_done on ingestion_jobs (tenant_id, updated_at) where status in ('partial', 'failed');
  ${isolateTenant('ingestion_jobs')}
  ${openToScope('ingestion_jobs', 'reconcile')}
  ${openToScopeForReading('ingestion_jobs', 'metrics')}

  -- The text of a job, sealed by a data key that only Vault opens, until the job ends.
  create table ingestion_documents (
    tenant_id uuid not null,
    job_id uuid not null,
    wrapped_key text not null,
    -- The bytes as they came; null once they are read.
    source bytea,
    -- The text in Markdown and its parts; null before it is read.
    document bytea,
    primary key (tenant_id, job_id),
    foreign key (tenant_id, job_id) references ingestion_jobs (tenant_id, id) on delete cascade
  );
  ${isolateTenant('ingestion_documents')}

  -- The progress of a job.
  create table ingestion_parts (
    tenant_id uuid not null,
    job_id uuid not null,
    part integer not null check (part >= 0),
    half smallint not null default 0 check (half in (0, 1, 2)),
    status text not null default 'waiting' check (status in ('waiting', 'extracted', 'cut', 'done', 'failed')),
    code text,
    articles integer not null default 0,
    input_tokens bigint not null default 0,
    output_tokens bigint not null default 0,
    updated_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, job_id, part, half),
    foreign key (tenant_id, job_id) references ingestion_jobs (tenant_id, id) on delete cascade
  );
  ${isolateTenant('ingestion_parts')}
`;

export const drop = 'drop table ingestion_parts; drop table ingestion_documents; drop table ingestion_jobs;';
