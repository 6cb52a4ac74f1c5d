import { z } from 'zod';
import type { Transaction } from '../platform/postgres/database.ts';
import { type PublishedFilter, publishedFilterSql } from '../vectors/published-filter.ts';

/** The tags of this list that no published article of the tenant has. */
export async function listUnknownTags(
  tx: Transaction,
  tenantId: string,
  tags: readonly string[],
): Promise<string[]> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select wanted.tag
       from unnest(cast(:tags as text[]), fold_tags(cast(:tags as text[]))) with ordinality as wanted (tag, key, position)
      where not exists (select 1 from articles a
                         where a.tenant_id = :tenantId and a.status = 'published' and wanted.key = any(a.tag_keys))
      order by wanted.position`,
    { tenantId, tags: [...tags] },
  );
  return z
    .array(z.object({ tag: z.string() }))
    .parse(rows)
    .map(({ tag }) => tag);
}

/**
 * The unknown tags of a filter that no published article passes; empty when one passes. With such a filter every search is
 * in vain, whatever its words.
 */
export async function listHopelessTags(
  tx: Transaction,
  tenantId: string,
  filter: PublishedFilter,
): Promise<string[]> {
  const unknown = await listUnknownTags(tx, tenantId, filter.tags ?? []);
  if (unknown.length === 0) return [];
  const { sql, bindings } = publishedFilterSql(filter, 'a');
  const { rows } = await tx.raw<{ rows: unknown[] }>(`select from articles a where ${sql} limit 1`, {
    tenantId,
    ...bindings,
  });
  return rows.length === 0 ? unknown : [];
}
