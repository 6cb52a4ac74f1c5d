import { isolateTenant } from '../row-level-security.ts';

export const create = `
  -- The paid answers of the model about a document or a review, written with the end of their call, so that none is bought twice.
  -- An answer lies sealed. It is null while the call is under way, and for an answer that could not be used, which has its code.
  create table extraction_answers (
    tenant_id uuid not null references tenants (id),
    subject_kind text not null check (subject_kind in ('ingestion', 'review')),
    subject_id uuid not null,
    part integer not null check (part >= 0),
    -- 1 and 2 are the halves of a part whose answer was cut off.
    half smallint not null default 0 check (half in (0, 1, 2)),
    answer bytea,
    code text,
    -- The call that is asking. No other one begins before its lease has ended, which a crash leaves to run out.
    call_id uuid,
    claimed_until timestamptz,
    -- Answers bought for it, unusable ones included.
    tries integer not null default 0,
    -- Valid articles in the answer.
    articles integer not null default 0,
    input_tokens bigint not null default 0,
    output_tokens bigint not null default 0,
    answered_at timestamptz,
    primary key (tenant_id, subject_kind, subject_id, part, half),
    check (answer is null or code is null),
    check (answer is not null or code is not null or call_id is not null),
    check ((call_id is null) = (claimed_until is null))
  );
  create index extraction_answers_oldest_first on extraction_answers (tenant_id, answered_at) where answered_at is not null;
  ${isolateTenant('extraction_answers')}

  -- What became of each article of an answer. The row is written with the article, so that none is made twice.
  create table extraction_articles (
    tenant_id uuid not null references tenants (id),
    subject_kind text not null check (subject_kind in ('ingestion', 'review')),
    subject_id uuid not null,
    part integer not null,
    half smallint not null,
    number integer not null check (number >= 0),
    outcome text not null check (outcome in ('created', 'duplicate', 'invalid', 'failed', 'left_out')),
    -- The created one, or the existing one that says the same.
    article_id uuid,
    -- Why it could not be made.
    code text,
    primary key (tenant_id, subject_kind, subject_id, part, half, number)
  );
  ${isolateTenant('extraction_articles')}
`;

export const drop = 'drop table extraction_articles; drop table extraction_answers;';
