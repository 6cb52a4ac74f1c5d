/**
 * The tenant's calls of a period (`:from` and `:to`, days in UTC), as SQL: single calls from the ledger, and the sums of the days
 * whose single calls have ended. For a statement that binds `:tenantId`.
 */
export const countedCallsSql = `(
  select (at at time zone 'UTC')::date as day, operation, provider, model, source, api_key_id,
         input_tokens, output_tokens, 1 as calls, estimated::int as estimated_calls
    from usage_ledger
   where tenant_id = :tenantId
     and at >= (:from::date)::timestamp at time zone 'UTC'
     and at < (:to::date + 1)::timestamp at time zone 'UTC'
   union all
  select day, operation, provider, model, source, api_key_id, input_tokens, output_tokens, calls, estimated_calls
    from usage_daily_sums
   where tenant_id = :tenantId and day between :from::date and :to::date and calls > 0
)`;

/** The number of the tenant's calls of that period with an unknown outcome, as SQL. */
export const unknownCallsSql = `(
  (select count(*) from provider_calls
    where tenant_id = :tenantId and outcome = 'unknown'
      and started_at >= (:from::date)::timestamp at time zone 'UTC'
      and started_at < (:to::date + 1)::timestamp at time zone 'UTC')
  + (select coalesce(sum(unknown_calls), 0) from usage_daily_sums
      where tenant_id = :tenantId and day between :from::date and :to::date)
)`;
