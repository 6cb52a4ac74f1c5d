/**
 * Whether nothing refuses a call that was admitted a moment ago, as an SQL condition: the key and the settings are those of
 * `:revision`, no row of the breaker that the caller heeds is open, and nothing is known of the key that limits it. The statement
 * that reserves reads it itself, so that nothing older counts. The revision is the one that the custody of keys gives: the
 * transactions that have written the two rows.
 */
export const calmSql = `
  exists (select 1 from provider_keys k left join llm_settings s on s.tenant_id = k.tenant_id
           where k.tenant_id = :tenantId::uuid and k.provider = :provider::text
             and k.xmin::text || '/' || coalesce(s.xmin::text, '') = :revision::text)
  and not exists (select 1 from breakers
                   where tenant_id = :tenantId::uuid and provider = :channel::text and key_version = :keyVersion::int
                     and caller = any(:heeded::text[]) and open_until is not null)
  and not exists (select 1 from provider_limits
                   where tenant_id = :tenantId::uuid and provider = :channel::text and key_version = :keyVersion::int
                     and (requests_left is not null or tokens_left is not null or paused_until is not null))`;

/** What a call that begins then holds of the breaker and of the limits: their epochs, as SQL expressions. */
export const breakerEpochsSql = `(select coalesce(jsonb_object_agg(caller, epoch::text), '{}') from breakers
   where tenant_id = :tenantId::uuid and provider = :channel::text and key_version = :keyVersion::int)`;
export const limitsEpochSql = `coalesce((select epoch from provider_limits
   where tenant_id = :tenantId::uuid and provider = :channel::text and key_version = :keyVersion::int), 0)::int`;
