import { isolateTenant } from '../row-level-security.ts';

export const create = `
  create table llm_settings (
    tenant_id uuid primary key references tenants (id),
    -- An entry of the catalogue of providers; null is the installation's own.
    embedding_provider text,
    -- Null where the provider has an address of its own. A key opens only for the origin that it was sealed for.
    embedding_base_url text,
    embedding_model text,
    rerank_model text,
    embedding_dimensions integer check (embedding_dimensions between 1 and 16000),
    extraction_model text,
    classification_model text,
    merge_model text,
    monthly_token_budget bigint check (monthly_token_budget >= 0),
    updated_at timestamptz not null default now()
  );
  ${isolateTenant('llm_settings')}

  -- One row for each provider for which the tenant has ever set a key. The row survives the key's removal, so that a version
  -- never names two keys.
  create table provider_keys (
    tenant_id uuid not null references tenants (id),
    provider text not null check (provider in ('embedding', 'anthropic')),
    version integer not null check (version > 0),
    ciphertext text,
    hint text,
    status text not null check (status in ('none', 'unverified', 'verified', 'rejected')),
    -- How the provider has refused the key; null of a rejected one stands for credential_rejected.
    rejected_code text check (rejected_code in ('credential_rejected', 'permission_denied')),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, provider),
    check ((ciphertext is null) = (status = 'none') and (ciphertext is null) = (hint is null)),
    check (rejected_code is null or status = 'rejected')
  );
  ${isolateTenant('provider_keys')}
`;

export const drop = 'drop table provider_keys; drop table llm_settings;';
