import { z } from 'zod';
import type { Transaction } from '../platform/postgres/database.ts';
import type { ArticleLink } from './article.ts';

/** An article may have been merged into many drafts; an answer names the newest. */
const maxLinks = 50;

const linkRow = z.object({ kind: z.enum(['merged_from', 'merged_into']), id: z.string(), title: z.string() });

/** Links a new article to those that it was made from, as far as they are still there. */
export async function insertLinks(
  tx: Transaction,
  tenantId: string,
  intoId: string,
  fromIds: readonly string[],
): Promise<void> {
  await tx.raw(
    `insert into article_links (tenant_id, into_id, from_id)
     select :tenantId, :intoId, id from articles
      where tenant_id = :tenantId and id = any(:fromIds::uuid[]) for key share`,
    { tenantId, intoId, fromIds: [...fromIds] },
  );
}

/** Lists the articles that this one was made from, and those that were made from it, the newest first. */
export async function listLinks(tx: Transaction, tenantId: string, id: string): Promise<ArticleLink[]> {
  const rows = await tx.prepared(
    `select linked.kind, a.id, a.title
       from (
         select 'merged_from' as kind, from_id as id, created_at from article_links
          where tenant_id = $1 and into_id = $2
         union all
         select 'merged_into', into_id, created_at from article_links
          where tenant_id = $1 and from_id = $2
       ) linked
       join articles a on a.tenant_id = $1 and a.id = linked.id
      order by linked.kind, linked.created_at desc, a.id
      limit $3`,
    [tenantId, id, maxLinks],
  );
  return z.array(linkRow).parse(rows);
}
