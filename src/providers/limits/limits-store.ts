import { z } from 'zod';
import type { Channel } from '../../domain/operations.ts';
import type { Transaction } from '../../platform/postgres/database.ts';
import { type LimitState, type Pause, pausedBys, type Window } from './limit-state.ts';

const count = z.coerce.number().nullable();
const timeMs = z
  .date()
  .nullable()
  .transform((time) => time?.getTime() ?? null);

const columnsSchema = z.object({
  now: z.date(),
  revision: z.string().nullable(),
  key_version: z.number().nullable(),
  requests_limit: count,
  requests_left: count,
  requests_since: timeMs,
  requests_reset_at: timeMs,
  tokens_limit: count,
  tokens_left: count,
  tokens_since: timeMs,
  tokens_reset_at: timeMs,
  paused_until: timeMs,
  paused_by: z.enum(pausedBys).nullable(),
  pauses: count,
  probe_until: timeMs,
  epoch: count,
});

const rowSchema = columnsSchema.transform(
  (row): LimitRow => ({
    nowMs: row.now.getTime(),
    revision: row.revision ?? noRevision,
    state:
      row.key_version === null
        ? undefined
        : {
            keyVersion: row.key_version,
            requests: windowOf(
              row.requests_limit,
              row.requests_left,
              row.requests_since,
              row.requests_reset_at,
            ),
            tokens: windowOf(row.tokens_limit, row.tokens_left, row.tokens_since, row.tokens_reset_at),
            pause: pauseOf(row),
            epoch: row.epoch ?? 0,
          },
  }),
);

/** The revision of a row that is not there yet. */
const noRevision = '0';

/** The limits of a tenant's key at a provider, the time of the database, and the revision that a change of them must name. */
export interface LimitRow {
  readonly nowMs: number;
  readonly revision: string;
  /** Undefined until a provider tells the first limit. */
  readonly state: LimitState | undefined;
}

function windowOf(
  limit: number | null,
  left: number | null,
  sinceMs: number | null,
  resetAtMs: number | null,
): Window | null {
  return limit === null || left === null || sinceMs === null || resetAtMs === null
    ? null
    : { limit, left, sinceMs, resetAtMs };
}

function pauseOf(row: z.output<typeof columnsSchema>): Pause | null {
  const { paused_by: by, paused_until: untilMs, pauses: times, probe_until: probeUntilMs } = row;
  return by === null || untilMs === null ? null : { by, untilMs, times: times ?? 1, probeUntilMs };
}

/** Reads the limits as the database's clock sees them now, by one indexed read. */
export async function readLimits(tx: Transaction, tenantId: string, provider: Channel): Promise<LimitRow> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select c.now, revision::text, key_version, requests_limit, requests_left, requests_since, requests_reset_at,
            tokens_limit, tokens_left, tokens_since, tokens_reset_at, paused_until, paused_by, pauses, probe_until, epoch
       from (select clock_timestamp() as now) c
       left join provider_limits on tenant_id = :tenantId and provider = :provider`,
    { tenantId, provider },
  );
  return z.tuple([rowSchema]).parse(rows)[0];
}

/**
 * Writes the row if it is still of this revision. Returns false, with the row locked, when another call has changed it meanwhile:
 * then it is to be read again. Alternative that lost: a lock taken first, which costs a round trip in every call.
 */
export async function saveLimits(
  tx: Transaction,
  tenantId: string,
  provider: Channel,
  { keyVersion, requests, tokens, pause, epoch }: LimitState,
  revision: string,
): Promise<boolean> {
  const time = (name: string) => `to_timestamp(:${name}::float8 / 1000)`;
  const { rowCount } = await tx.raw<{ rowCount: number }>(
    `insert into provider_limits as l
       (tenant_id, provider, key_version, requests_limit, requests_left, requests_since, requests_reset_at,
        tokens_limit, tokens_left, tokens_since, tokens_reset_at, paused_until, paused_by, pauses, probe_until, epoch)
     values (:tenantId, :provider, :keyVersion, :requestsLimit, :requestsLeft, ${time('requestsSince')},
             ${time('requestsResetAt')}, :tokensLimit, :tokensLeft, ${time('tokensSince')}, ${time('tokensResetAt')},
             ${time('pausedUntil')}, :pausedBy, :pauses, ${time('probeUntil')}, :epoch)
     on conflict (tenant_id, provider) do update set (
         key_version, requests_limit, requests_left, requests_since, requests_reset_at,
         tokens_limit, tokens_left, tokens_since, tokens_reset_at, paused_until, paused_by, pauses, probe_until, epoch,
         revision, updated_at
       ) = row(
         excluded.key_version, excluded.requests_limit, excluded.requests_left, excluded.requests_since,
         excluded.requests_reset_at, excluded.tokens_limit, excluded.tokens_left, excluded.tokens_since,
         excluded.tokens_reset_at, excluded.paused_until, excluded.paused_by, excluded.pauses, excluded.probe_until,
         excluded.epoch, l.revision + 1, clock_timestamp()
       )
       where l.revision = :revision::bigint`,
    {
      tenantId,
      provider,
      keyVersion,
      requestsLimit: requests?.limit ?? null,
      requestsLeft: requests?.left ?? null,
      requestsSince: requests?.sinceMs ?? null,
      requestsResetAt: requests?.resetAtMs ?? null,
      tokensLimit: tokens?.limit ?? null,
      tokensLeft: tokens?.left ?? null,
      tokensSince: tokens?.sinceMs ?? null,
      tokensResetAt: tokens?.resetAtMs ?? null,
      pausedUntil: pause?.untilMs ?? null,
      pausedBy: pause?.by ?? null,
      pauses: pause?.times ?? 0,
      probeUntil: pause?.probeUntilMs ?? null,
      epoch,
      revision,
    },
  );
  return rowCount > 0;
}
