import type { Transaction } from '../postgres/database.ts';

/** Tenants with rows past their end. */
export interface Due {
  readonly tenantIds: readonly string[];
  /** How long the oldest of these rows is past its end, over all tenants. */
  readonly overdueSeconds: number;
}

/** How the rows of one table end. */
export interface RetentionRule {
  readonly table: string;
  /** How long a row is kept after the event that its end is counted from. */
  readonly keptMs: number;
  /** Lists some tenants with rows past their end, chosen at random, so that none is always behind the others. In the retention scope. */
  findDue(tx: Transaction, keptMs: number, maxTenants: number): Promise<Due>;
  /** Deletes at most `maxRows` of the tenant's rows past their end, the oldest first; returns how many. */
  deleteBatch(tx: Transaction, tenantId: string, batch: Batch): Promise<number>;
}

export interface Batch {
  readonly keptMs: number;
  readonly maxRows: number;
}

export const dayMs = 86_400_000;
