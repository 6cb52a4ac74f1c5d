import { isolateTenant } from '../row-level-security.ts';

export const create = `
  -- The paid answers of the model about a document or a review, written with the end of their call, so that none is bought twice.
  -- An answer lies sealed; it is null for one that could not be used, which has the code instead.
  create table extraction_answers (
    tenant_id uuid not null references tenants (id),
    subject_kind text not null check (subject_kind in ('ingestion', 'review')),
    subject_id uuid not null,
    part integer not null check (part >= 0),
    -- 1 and 2 are the halves of a part whose answer was cut off.
    half smallint not null default 0 check (half in (0, 1, 2)),
    answer bytea,
    code text,
    -- Answers bought for it, unusable ones included.
    tries integer not null default 1,
    articles integer not null default 0,
    input_tokens bigint not null default 0,
    output_tokens bigint not null default 0,
    answered_at timestamptz not null default clock_timestamp(),
    primary key (tenant_id, subject_kind, subject_id, part, half),
    check ((answer is null) = (code is not null))
  );
  ${isolateTenant('extraction_answers')}

  -- What became of each article of an answer. The row is written with the article, so that none is made twice.
  create table extraction_articles (
    tenant_id uuid not null references tenants (id),
    subject_kind text not null check (subject_kind in ('ingestion', 'review')),
    subject_id uuid not null,
    part integer not null,
    half smallint not null,
    number integer not null check (number >= 0),
    outcome text not null check (outcome in ('created', 'duplicate', 'invalid', 'failed')),
    article_id uuid,
    -- Why it could not be made.
    code text,
    primary key (tenant_id, subject_kind, subject_id, part, half, number)
  );
  ${isolateTenant('extraction_articles')}
`;

export const drop = 'drop table extraction_articles; drop table extraction_answers;';
