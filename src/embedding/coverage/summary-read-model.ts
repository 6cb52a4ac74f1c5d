import { z } from 'zod';
import { type FailureCode, failureCodes } from '../../domain/failures.ts';
import type { Transaction } from '../../platform/postgres/database.ts';
import { servingSpaceIdSql } from '../../vectors/spaces.ts';

/** How many of the tenant's published articles search by meaning finds. */
export interface Coverage {
  readonly published: number;
  readonly embedded: number;
}

/**
 * Counts the articles that the tenant has published, and those of them that its serving space finds.
 *
 * An article embedded in the serving space is found there, so these are counted from an index alone. The others are
 * looked up one by one. They are few, except while a model changes or vectors cannot be bought. They may still be
 * found: by an earlier text to which they were put back, or by the vectors of the previous model. Alternative that
 * lost: looking up all articles, which takes some 30 ms for 10,000 at every search.
 */
export async function readCoverage(tx: Transaction, tenantId: string): Promise<Coverage> {
  const rows = await tx.prepared(
    `with serving as materialized (select id from (values (${servingSpaceIdSql('$1')})) s (id) where id is not null),
     counted as materialized (
       select status in ('embedded', 'partial') and space_id = (select id from serving) is true as here, count(*)::int as articles
         from article_embeddings
        where tenant_id = $1 and status in ('pending', 'embedded', 'partial', 'blocked', 'failed')
        group by 1
     )
     select coalesce((select sum(articles) from counted), 0)::int as published,
            (coalesce((select articles from counted where here), 0)
             -- Without others the look-ups are not begun.
             + case when exists (select 1 from serving) and exists (select 1 from counted where not here) then (
                 select count(*)
                   from article_embeddings e
                  where e.tenant_id = $1 and e.status in ('pending', 'embedded', 'partial', 'blocked', 'failed')
                    and not (e.status in ('embedded', 'partial') and e.space_id = (select id from serving) is true)
                    -- By primary keys; the offsets keep the planner, whose statistics an import outruns, from a join of all.
                    and exists (select 1 from article_manifests m
                                 where m.tenant_id = e.tenant_id and m.space_id = (select id from serving)
                                   and m.article_id = e.article_id
                                   and m.content_hash = (select a.content_hash from articles a
                                                          where a.tenant_id = e.tenant_id and a.id = e.article_id)
                                offset 0))
               else 0 end)::int as embedded`,
    [tenantId],
  );
  const [coverage] = coverageRow.parse(rows);
  return coverage;
}

const coverageRow = z.tuple([z.object({ published: z.number(), embedded: z.number() })]);

/** Reasons that the tenant's key itself would show if they held now. After a new key they stay with the articles until their turn. */
const overtaken: readonly FailureCode[] = ['no_api_key', 'credential_rejected'];

/**
 * Finds the most common reason why the published articles of a tenant with a usable key have no vectors; undefined when they only
 * wait.
 */
export async function findCommonestReason(
  tx: Transaction,
  tenantId: string,
): Promise<FailureCode | undefined> {
  const row: unknown = await tx('article_embeddings')
    .where({ tenant_id: tenantId })
    .whereIn('status', ['pending', 'blocked', 'failed'])
    .whereNotNull('reason')
    .whereNotIn('reason', [...overtaken])
    .groupBy('reason')
    .orderByRaw('count(*) desc, reason')
    .first('reason');
  return row === undefined ? undefined : z.object({ reason: z.enum(failureCodes) }).parse(row).reason;
}
