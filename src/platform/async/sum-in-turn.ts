/**
 * Does the work of each tenant, one after the other, and adds up what it answers. Where one fails, `onFailed` is told, and the
 * others have their turn: a tenant's trouble must not stop what is done for all.
 */
export async function sumInTurn(
  tenantIds: readonly string[],
  work: (tenantId: string) => Promise<number>,
  onFailed: (tenantId: string, error: unknown) => void,
): Promise<number> {
  let sum = 0;
  for (const tenantId of tenantIds) {
    try {
      sum += await work(tenantId);
    } catch (error) {
      onFailed(tenantId, error);
    }
  }
  return sum;
}
