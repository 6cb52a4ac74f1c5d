import { targetIdOf } from '../../domain/provider-target.ts';
import type { Transaction } from '../../platform/postgres/database.ts';
import type { SpaceKind } from '../../vectors/spaces.ts';

/**
 * Marks every published article without vectors of the current target and chunker as pending, after a change of key or
 * model; returns how many.
 */
export async function markStale(tx: Transaction, tenantId: string, current: SpaceKind): Promise<number> {
  const { rowCount } = await tx.raw<{ rowCount: number }>(
    `update article_embeddings e
        -- A new model is the tenant's own decision, so no API key pays for the vectors of what was embedded before.
        set api_key_id = case when status in ('embedded', 'partial') then null else api_key_id end,
            status = 'pending', reason = null, next_attempt_at = null, updated_at = clock_timestamp()
      where e.tenant_id = :tenantId and e.status <> 'not_applicable'
        and not (e.status in ('embedded', 'partial') and exists (
          select 1 from embedding_spaces s where s.tenant_id = e.tenant_id and s.id = e.space_id
             and s.target_id = :targetId and s.chunker_version = :chunkerVersion))`,
    { tenantId, targetId: targetIdOf(current.target), chunkerVersion: current.chunkerVersion },
  );
  return rowCount;
}
