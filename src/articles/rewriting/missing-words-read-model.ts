import { z } from 'zod';
import type { Transaction } from '../../platform/postgres/database.ts';

const withoutWords = `not exists (select 1 from article_words w
                                   where w.tenant_id = a.tenant_id and w.article_id = a.id and w.version = :version)`;

const idRow = z.object({ id: z.string() }).transform(({ id }) => id);

/**
 * Lists articles without words of a version, in the order of their ids, after one of them: at most `limit`, and no more than have
 * `maxCharacters` together, but at least one.
 */
export async function listWithoutWords(
  tx: Transaction,
  tenantId: string,
  page: {
    readonly version: number;
    readonly afterId: string | undefined;
    readonly limit: number;
    readonly maxCharacters: number;
  },
): Promise<string[]> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select id from (
       select id, row_number() over so_far as number, sum(bytes) over so_far as characters
         from (select a.id, octet_length(a.body) as bytes from articles a
                where a.tenant_id = :tenantId and a.id > coalesce(:afterId::uuid, '00000000-0000-0000-0000-000000000000')
                  and ${withoutWords}
                order by a.id limit :limit) missing
       window so_far as (order by id)) sized
      where number = 1 or characters <= :maxCharacters
      order by id`,
    { ...page, tenantId, afterId: page.afterId ?? null },
  );
  return z.array(idRow).parse(rows);
}

/** Whether every article has words of a version. */
export async function haveAllWords(tx: Transaction, tenantId: string, version: number): Promise<boolean> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select 1 from articles a where a.tenant_id = :tenantId and ${withoutWords} limit 1`,
    { tenantId, version },
  );
  return rows.length === 0;
}
