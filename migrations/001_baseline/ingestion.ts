import { isolateTenant, openToScope, openToScopeForReading } from '../row-level-security.ts';

export const create = `
  -- A document to make articles of: text, a file, or an address.
  create table ingestion_jobs (
    tenant_id uuid not null references tenants (id),
    id uuid not null,
    source_kind text not null check (source_kind in ('text', 'file', 'url')),
    -- The hash of the bytes, or of the address.
    content_hash text not null,
    -- How much of it lies sealed: what a tenant may have under way is bounded.
    source_bytes integer not null check (source_bytes >= 0),
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
    -- Raised by each retry, so that the late end of an earlier run ends nothing of the next.
    attempt integer not null default 1,
    -- Why it failed or what it waits for.
    code text,
    next_attempt_at timestamptz,
    -- What a reader has put right or left out, by codes of ours.
    notes text[] not null default '{}',
    created_at timestamptz not null default clock_timestamp(),
    started_at timestamptz,
    finished_at timestamptz,
    updated_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, id)
  );
  -- One job under way for a content. A second request is answered with it.
  create unique index ingestion_jobs_under_way on ingestion_jobs (tenant_id, content_hash, source_type, publish)
    where status in ('queued', 'running');
  create index ingestion_jobs_completed on ingestion_jobs (tenant_id, content_hash, source_type, publish)
    where status = 'completed';
  create index ingestion_jobs_newest_first on ingestion_jobs (tenant_id, created_at desc, id desc);
  create index ingestion_jobs_not_done on ingestion_jobs (tenant_id, updated_at) where status in ('partial', 'failed');
  create index ingestion_jobs_least_recent on ingestion_jobs (tenant_id, updated_at) where status in ('queued', 'running');
  ${isolateTenant('ingestion_jobs')}
  ${openToScope('ingestion_jobs', 'reconcile')}
  ${openToScopeForReading('ingestion_jobs', 'metrics')}

  -- The text of a job, sealed by a data key that only Vault opens, until the job ends. Of one that can be tried again it stays for
  -- some days more.
  create table ingestion_documents (
    tenant_id uuid not null,
    job_id uuid not null,
    wrapped_key text not null,
    -- The address, the name of the file, the title that its sender gave.
    about bytea not null,
    -- The bytes as they came; null before they are fetched and once they are read.
    source bytea,
    -- The text in Markdown and its parts; null before it is read.
    document bytea,
    -- When its job ended; null while it is under way.
    ended_at timestamptz,
    primary key (tenant_id, job_id),
    foreign key (tenant_id, job_id) references ingestion_jobs (tenant_id, id) on delete cascade
  );
  create index ingestion_documents_ended on ingestion_documents (tenant_id, ended_at) where ended_at is not null;
  ${isolateTenant('ingestion_documents')}

  -- The progress of a job. A part is extracted when its answer is paid for, and done when its articles are made. One that was cut
  -- goes on in its halves; one is left out, unpaid, when the job has as many articles as were asked for.
  create table ingestion_parts (
    tenant_id uuid not null,
    job_id uuid not null,
    part integer not null check (part >= 0),
    half smallint not null default 0 check (half in (0, 1, 2)),
    status text not null default 'waiting' check (status in ('waiting', 'extracted', 'cut', 'done', 'left_out', 'failed')),
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
