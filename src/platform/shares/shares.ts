import { availableParallelism } from 'node:os';
import { Counter, Gauge, type Registry } from 'prom-client';
import { createShare, type Share } from './share.ts';

/** How the connections of a pool are divided. */
export interface ConnectionShares {
  readonly tenants: Share;
  /** Log-ins: which tenant they belong to is known afterwards. */
  readonly logIns: Share;
  /** The platform's own reads: metrics, reconciliation, readiness. */
  readonly platform: Share;
}

/** What tenants share in one process. */
export interface Shares {
  /** Requests under way in the API. */
  readonly requests: Share;
  /** Files that are being sent to the API, and handled there. */
  readonly uploads: Share;
  readonly connections: ConnectionShares;
  /** Signals to workflows that a process sends after its commits. */
  readonly signals: Share;
  /** Calls to providers inside a worker. */
  readonly providerCalls: Share;
  /** Threads for work that would hold up the event loop. */
  readonly threads: Share;
  /** Processes that read documents. */
  readonly documents: Share;
}

/** One tenant may take this part of what is scarce: two that misbehave leave a fifth to the others. */
const largestPart = 0.4;
const partOf = (total: number) => Math.max(1, Math.floor(total * largestPart));

/** A tenant with heavy statements has used this up within half a second: as much as some dozen lists and searches at once take. */
const connectionBurstMs = 2_000;

/** A connection is needed for milliseconds, a search's for half a second: a full share of them is served within this. */
const connectionWaitMs = 8_000;

/**
 * Requests under way cost memory: a body of 2 MB and an answer each. Requests beyond a tenant's share wait before their body is
 * read, rather than being refused at once: a client that is refused comes back at once, and each time costs an authentication.
 */
export function createRequestShare(): Share {
  return createShare({ name: 'requests', total: 200, perTenant: 24, maxWaiting: 1_000, waitMs: 10_000 });
}

/**
 * Files under way lie in memory: 10 MB each, and twice as much for the moment in which their array grows, so that all of them take
 * 240 MB at most. A client may take a minute to send one. A tenant therefore gets two of many, and others wait little for it.
 */
export function createUploadShare(): Share {
  return createShare({ name: 'uploads', total: 12, perTenant: 2, maxWaiting: 20, waitMs: 10_000 });
}

/** Divides a pool. The parts add up to its size, so that none of them waits for the connections of another. */
export function createConnectionShares(
  poolSize: number,
  databaseCores = Number.POSITIVE_INFINITY,
): ConnectionShares {
  // One each for metrics, reconciliation and readiness, where the pool is large enough.
  const platform = Math.min(3, Math.max(1, Math.floor(poolSize * 0.3)));
  // A log-in takes a millisecond: few connections serve many, and no flood of keys takes more.
  const logIns = Math.max(1, Math.floor(poolSize * 0.15));
  const tenants = Math.max(1, poolSize - platform - logIns);
  // A request takes up to three at once: with fewer than two requests' worth a tenant would wait for itself.
  const perTenant = Math.min(tenants, Math.max(5, partOf(poolSize)));
  const waits = { maxWaiting: 1_000, waitMs: connectionWaitMs };
  return {
    tenants: createShare({
      ...{ name: 'connections', total: tenants, perTenant },
      ...waits,
      // A statement takes up to one core of the database, so that a tenant with heavy ones gets its part of the cores.
      slotTime: { sustained: Math.min(perTenant, partOf(databaseCores)), burstMs: connectionBurstMs },
    }),
    logIns: createShare({
      ...{ name: 'log_in_connections', total: logIns, perTenant: Math.max(1, logIns - 1) },
      ...waits,
    }),
    platform: createShare({
      // Two relays may claim at the same time, and readiness is asked meanwhile.
      ...{ name: 'platform_connections', total: platform, perTenant: Math.min(platform, 2) },
      ...waits,
    }),
  };
}

/**
 * Divides the signals that a process sends: enough at once to hide a round trip, few enough to leave the server to its workers.
 * After the time that a signal waits the relay takes its row, so it is not sent twice.
 */
export function createSignalShare(): Share {
  return createShare({ name: 'signals', total: 8, perTenant: partOf(8), maxWaiting: 500, waitMs: 5_000 });
}

/**
 * Divides the sends of one batch of the relay, as those of a process. A row waits for less time than its lease, after which
 * another relay may send it.
 */
export function createRelayShare(rows: number): Share {
  return createShare({ name: 'relay', total: 8, perTenant: partOf(8), maxWaiting: rows, waitMs: 50_000 });
}

/** Divides the provider calls of a worker. A call waits for less time than a worker needs to fetch another task. */
export function createProviderCallShare(total: number): Share {
  const perTenant = partOf(total);
  return createShare({ name: 'provider_calls', total, perTenant, maxWaiting: 2 * perTenant, waitMs: 500 });
}

/**
 * Divides the threads of a process. One processor is left to the event loop, and more than four threads would not be used: a task
 * takes a tenth of a second at most, so those of one tenant may as well run one after the other.
 */
export function createThreadShare(processors: number): Share {
  const total = Math.min(4, Math.max(1, processors - 1));
  const perTenant = partOf(total);
  return createShare({ name: 'threads', total, perTenant, maxWaiting: 200, waitMs: 10_000 });
}

/**
 * Divides the processes that read documents, each for up to 40 seconds. There are two even on a small machine, so that a tenant
 * whose document takes all of its time leaves one to the others; a read that finds none is tried again by its workflow.
 */
export function createDocumentShare(processors: number): Share {
  const total = Math.min(4, Math.max(2, processors - 1));
  return createShare({ name: 'documents', total, perTenant: partOf(total), maxWaiting: 50, waitMs: 10_000 });
}

/**
 * Tasks that a worker takes at once: sixteen articles may share a slot, and as many of a tenant may wait for one. Those without a
 * place find a task, too, to be answered `busy` in.
 */
export function activityTasksFor(providerCalls: number): number {
  return providerCalls * 24 + 50;
}

/** Makes the shares of a process and shows them in its metrics. No label names a tenant. */
export function createShares(
  registry: Registry,
  {
    poolSize,
    databaseCores,
    providerCalls = 1,
  }: {
    readonly poolSize: number;
    readonly databaseCores?: number;
    readonly providerCalls?: number | undefined;
  },
): Shares {
  const shares: Shares = {
    requests: createRequestShare(),
    uploads: createUploadShare(),
    connections: createConnectionShares(poolSize, databaseCores),
    signals: createSignalShare(),
    providerCalls: createProviderCallShare(providerCalls),
    threads: createThreadShare(availableParallelism()),
    documents: createDocumentShare(availableParallelism()),
  };
  const { tenants, logIns, platform } = shares.connections;
  showShares(registry, [
    shares.requests,
    shares.uploads,
    ...[tenants, logIns, platform],
    ...[shares.signals, shares.providerCalls, shares.threads, shares.documents],
  ]);
  return shares;
}

function showShares(registry: Registry, shares: readonly Share[]): void {
  const gauge = (name: string, help: string, value: (share: Share) => number) =>
    new Gauge({
      ...{ name, help, labelNames: ['share'], registers: [registry] },
      collect() {
        for (const share of shares) this.set({ share: share.name }, value(share));
      },
    });
  gauge('lorekeep_share_slots', 'Slots of a share', ({ total }) => total);
  gauge('lorekeep_share_in_use', 'Slots that tenants hold', ({ inUse }) => inUse);
  gauge('lorekeep_share_waiting', 'Requests that wait for a slot', ({ waiting }) => waiting);
  new Counter({
    name: 'lorekeep_share_refused_total',
    help: 'Requests that were refused because no slot was free in time',
    labelNames: ['share'],
    registers: [registry],
    collect() {
      this.reset();
      for (const share of shares) this.inc({ share: share.name }, share.refused);
    },
  });
}
