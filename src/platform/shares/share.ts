import { createSlotTime, type SlotTimeOptions } from './slot-time.ts';

/** Gives the slot back. A second call does nothing. */
export type Release = () => void;

/** A number of slots that tenants share. */
export interface Share {
  readonly name: string;
  /** Slots in all. */
  readonly total: number;
  /** A slot for the tenant, or `busy` where none is free for it in time. An aborted signal ends the wait. */
  acquire(tenant: string, signal?: AbortSignal): Promise<Release | 'busy'>;
  readonly inUse: number;
  readonly waiting: number;
  /** How often a request was refused because the share was busy. */
  readonly refused: number;
}

export interface ShareOptions {
  readonly name: string;
  /** Slots in all. */
  readonly total: number;
  /** Slots of one tenant at most. */
  readonly perTenant: number;
  /** Requests of one tenant that may wait; a further one is refused at once. */
  readonly maxWaiting: number;
  /** How long a request waits. */
  readonly waitMs: number;
  /** Where slots cost processor time: a tenant that has held many for long gets its sustained ones only, until others had a turn. */
  readonly slotTime?: SlotTimeOptions;
}

interface TenantQueue {
  inUse: number;
  readonly waiting: Set<() => void>;
}

/**
 * Divides slots among tenants. Waiting tenants are served round robin, so that one tenant's queue delays another by one release
 * at most.
 */
export function createShare(
  { name, total, perTenant, maxWaiting, waitMs, slotTime }: ShareOptions,
  nowMs?: () => number,
): Share {
  const time = slotTime && createSlotTime(slotTime, nowMs);
  /** Tenants that hold slots or wait. */
  const queues = new Map<string, TenantQueue>();
  /** Tenants that wait, the next to be served first. */
  const order = new Set<string>();
  let inUse = 0;
  let waiting = 0;
  let refused = 0;

  /** The slots that the tenant may hold now. */
  const limitOf = (tenant: string) =>
    slotTime !== undefined && time?.isSpent(tenant) ? Math.min(perTenant, slotTime.sustained) : perTenant;
  const hasSlotFor = (tenant: string, queue: TenantQueue) => inUse < total && queue.inUse < limitOf(tenant);

  const refuse = (): 'busy' => {
    refused += 1;
    return 'busy';
  };

  const forgetIdle = (tenant: string, queue: TenantQueue) => {
    if (queue.waiting.size > 0) return;
    order.delete(tenant);
    if (queue.inUse === 0) queues.delete(tenant);
  };

  const take = (tenant: string, queue: TenantQueue): Release => {
    time?.count(tenant, queue.inUse);
    inUse += 1;
    queue.inUse += 1;
    let released = false;
    return () => {
      if (released) return;
      released = true;
      time?.count(tenant, queue.inUse);
      inUse -= 1;
      queue.inUse -= 1;
      forgetIdle(tenant, queue);
      serveWaiting();
    };
  };

  const serveWaiting = () => {
    for (const tenant of order) {
      if (inUse >= total) return;
      const queue = queues.get(tenant);
      const [serve] = queue?.waiting ?? [];
      if (queue === undefined || serve === undefined || !hasSlotFor(tenant, queue)) continue;
      // Moved to the end: the other tenants are served before its next request, to which this loop then comes again.
      order.delete(tenant);
      order.add(tenant);
      serve();
    }
  };

  const wait = (tenant: string, queue: TenantQueue, signal: AbortSignal | undefined) =>
    new Promise<Release | 'busy'>((resolve) => {
      const leave = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abandon);
        queue.waiting.delete(serve);
        waiting -= 1;
      };
      const serve = () => {
        leave();
        const release = take(tenant, queue);
        forgetIdle(tenant, queue);
        resolve(release);
      };
      const abandon = () => {
        leave();
        forgetIdle(tenant, queue);
        resolve('busy');
      };
      const timer = setTimeout(() => {
        refuse();
        abandon();
      }, waitMs);
      signal?.addEventListener('abort', abandon);
      queue.waiting.add(serve);
      waiting += 1;
      order.add(tenant);
    });

  return {
    name,
    total,
    async acquire(tenant, signal) {
      if (signal?.aborted) return 'busy';
      const queue = queues.get(tenant) ?? { inUse: 0, waiting: new Set() };
      time?.count(tenant, queue.inUse);
      if (queue.waiting.size === 0 && hasSlotFor(tenant, queue)) {
        queues.set(tenant, queue);
        return take(tenant, queue);
      }
      if (queue.waiting.size >= maxWaiting || waitMs === 0) return refuse();
      queues.set(tenant, queue);
      return wait(tenant, queue, signal);
    },
    get inUse() {
      return inUse;
    },
    get waiting() {
      return waiting;
    },
    get refused() {
      return refused;
    },
  };
}
