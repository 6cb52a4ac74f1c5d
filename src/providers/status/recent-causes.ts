import { type Provider, providers } from '../../domain/operations.ts';
import { type TransportCause, transportCauses } from '../../domain/transport-cause.ts';

/** Who chose an address: the operator for all tenants, or a tenant for itself. */
export const addressOwners = ['default', 'tenants_own'] as const;
export type AddressOwner = (typeof addressOwners)[number];

/** One way in which connections to providers fail. It names no tenant and no address. */
export interface ConnectionFailure {
  readonly provider: Provider;
  readonly addresses: AddressOwner;
  readonly cause: TransportCause;
}

/** How often it happened lately, and when last. */
export interface RecentFailure extends ConnectionFailure {
  readonly count: number;
  readonly lastAt: Date;
}

/** The failed connections of this process within the last minutes. */
export interface RecentCauses {
  record(failure: ConnectionFailure): void;
  /** Those within the last minutes, the newest first. */
  list(): readonly RecentFailure[];
}

/** What an operator looks at after a call: older failures are in the logs and the metrics. */
const windowMinutes = 10;
const minuteMs = 60_000;

const sameKind =
  (failure: ConnectionFailure) =>
  ({ provider, addresses, cause }: ConnectionFailure) =>
    provider === failure.provider && addresses === failure.addresses && cause === failure.cause;

/** Every kind of failure that there can be, so that what is kept has a bound. */
const kinds: readonly ConnectionFailure[] = providers.flatMap((provider) =>
  addressOwners.flatMap((addresses) => transportCauses.map((cause) => ({ provider, addresses, cause }))),
);

/** Counts failed connections by minute, in memory: a process that starts has seen none. */
export function createRecentCauses(nowMs: () => number = Date.now): RecentCauses {
  const seen = kinds.map((kind) => ({ kind, lastAtMs: 0, minutes: new Map<number, number>() }));
  const oldest = () => Math.floor(nowMs() / minuteMs) - windowMinutes + 1;
  return {
    record(failure) {
      const entry = seen.find(({ kind }) => sameKind(failure)(kind));
      if (entry === undefined) return;
      entry.lastAtMs = nowMs();
      const minute = Math.floor(nowMs() / minuteMs);
      for (const past of [...entry.minutes.keys()]) if (past < oldest()) entry.minutes.delete(past);
      entry.minutes.set(minute, (entry.minutes.get(minute) ?? 0) + 1);
    },
    list: () =>
      seen
        .map(({ kind, lastAtMs, minutes }) => ({
          ...kind,
          count: [...minutes].reduce((sum, [minute, count]) => (minute < oldest() ? sum : sum + count), 0),
          lastAt: new Date(lastAtMs),
        }))
        .filter(({ count }) => count > 0)
        .toSorted((a, b) => b.lastAt.getTime() - a.lastAt.getTime()),
  };
}
