import type { Logger } from '../telemetry/logging.ts';

/**
 * Does a sweep's work for one tenant after the other; returns the sum of what it answers. A tenant whose work fails, because it
 * holds all its connections or a row that the work waits for, keeps it from no other: the next run comes to it again.
 */
export async function sumOverTenants(
  tenantIds: readonly string[],
  work: (tenantId: string) => Promise<number>,
  log: Pick<Logger, 'warn'>,
): Promise<number> {
  let sum = 0;
  for (const tenantId of tenantIds) {
    try {
      sum += await work(tenantId);
    } catch (error) {
      log.warn(
        { error, tenant_id: tenantId },
        'a tenant was left out of a sweep, and is tried again in the next one',
      );
    }
  }
  return sum;
}
