import { eventually } from '../support/running-service.ts';
import type { Gates } from './gates.ts';
import type { Outcome } from './invariants.ts';
import type { FaultWorld } from './provider-fault-run.ts';
import type { FaultTenant } from './tenants.ts';

/** A process that is killed while it does something for one tenant. */
export interface KillCase {
  readonly name: string;
  readonly expected: Outcome;
  /** Whether it takes a server from the process, and thus has to wait for the other cases. */
  readonly last?: boolean;
  /** Brings the process to the place with something that a tenant does, and answers once it is there. */
  stand(world: FaultWorld, gates: Gates, tenant: FaultTenant): Promise<Standing>;
}

/** A tenant whose process stands where it will be killed. */
export interface Standing {
  /** While no process does the work of the dead one. */
  readonly meanwhile: () => Promise<void>;
  /** Once another process has taken over; resolves when all is done again. */
  readonly recover: () => Promise<void>;
  readonly read: () => Promise<Outcome>;
}

/** What a kill at a place that costs nothing leaves. */
export const wellAfter: Outcome = {
  article: 'embedded',
  workflow: 'COMPLETED embedded',
  calls: 1,
  billed: 1,
  ledger: 1,
  unknown: 0,
  breaker: 'closed 0',
  neighbour: 'embedded',
  post: '201',
  search: '200 hybrid',
  verify: '-',
  books: 'balanced',
};

/** Waits until the process is where it will be killed. */
export const reached = (look: () => Promise<boolean>) =>
  eventually(async () => ((await look()) ? true : undefined), 60_000);
