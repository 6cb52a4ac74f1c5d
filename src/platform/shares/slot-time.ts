import { LRUCache } from 'lru-cache';

export interface SlotTimeOptions {
  /** The slots that a tenant may hold for as long as it likes; more than these use up its credit. */
  readonly sustained: number;
  /** The credit of a tenant that has held few slots of late, in milliseconds of one slot. */
  readonly burstMs: number;
}

/** How long tenants have held slots of late. */
export interface SlotTime {
  /** Counts the time since the last call, in which the tenant held `held` slots. */
  count(tenant: string, held: number): void;
  /** Whether the tenant has used up its credit, as of the last count. */
  isSpent(tenant: string): boolean;
}

interface Account {
  creditMs: number;
  countedAtMs: number;
}

/** More tenants than are active within seconds. One that is forgotten has its whole credit again. */
const maxAccounts = 10_000;

/**
 * Accounts for the time of slots: a tenant earns as much as its sustained slots use, and what it holds beyond them is taken from
 * its credit. The debt is limited to the size of the credit, so that after an overload it is paid back within seconds.
 */
export function createSlotTime(
  { sustained, burstMs }: SlotTimeOptions,
  nowMs = () => performance.now(),
): SlotTime {
  const accounts = new LRUCache<string, Account>({ max: maxAccounts });
  return {
    count(tenant, held) {
      const now = nowMs();
      const account = accounts.get(tenant) ?? { creditMs: burstMs, countedAtMs: now };
      const changeMs = (sustained - held) * (now - account.countedAtMs);
      account.creditMs = Math.min(burstMs, Math.max(-burstMs, account.creditMs + changeMs));
      account.countedAtMs = now;
      accounts.set(tenant, account);
    },
    isSpent: (tenant) => (accounts.peek(tenant)?.creditMs ?? burstMs) <= 0,
  };
}
