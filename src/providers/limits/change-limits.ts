import type { Channel } from '../../domain/operations.ts';
import type { Transaction } from '../../platform/postgres/database.ts';
import { type LimitState, unlimited } from './limit-state.ts';
import { type LimitRow, readLimits, saveLimits } from './limits-store.ts';

/** The key whose limits are meant. Another version of it is another key, of which nothing is known. */
export interface LimitedKey {
  readonly tenantId: string;
  readonly provider: Channel;
  readonly keyVersion: number;
}

type Decide<T> = (
  state: LimitState,
  nowMs: number,
  /** Whether the one before was decided on limits that have changed since. */
  isAgain: boolean,
) => Promise<{ readonly state: LimitState; readonly result: T }>;

/** Changes the limits by what is decided on them as they were seen; where another call has changed them since, on those of now. */
export async function changeLimits<T>(
  tx: Transaction,
  { tenantId, provider, keyVersion }: LimitedKey,
  seen: LimitRow | undefined,
  decide: Decide<T>,
): Promise<T> {
  let row = seen ?? (await readLimits(tx, tenantId, provider));
  for (let isAgain = false; ; isAgain = true) {
    const known = row.state?.keyVersion === keyVersion ? row.state : unlimited(keyVersion);
    const { state, result } = await decide(known, row.nowMs, isAgain);
    // A late answer with an older key says nothing about the newer one.
    const isOld = row.state !== undefined && row.state.keyVersion > keyVersion;
    if (state === known || isOld) return result;
    if (await saveLimits(tx, tenantId, provider, state, row.revision)) return result;
    row = await readLimits(tx, tenantId, provider);
  }
}
