import type { AnalyzedText } from '../domain/words/analyze-text.ts';
import type { Transaction } from '../platform/postgres/database.ts';

/** The columns of an article that are repeated beside its words, so that a ranking needs no other table. */
export interface WordsSubject {
  readonly id: string;
  readonly status: string;
  readonly category: string;
  readonly tags: readonly string[];
}

/**
 * Writes the words of an article in each of the given versions. Without `on conflict` a new article's take half as long to plan and
 * to write, so that an edit says that it is one.
 */
export async function insertWords(
  tx: Transaction,
  tenantId: string,
  article: WordsSubject,
  words: readonly AnalyzedText[],
): Promise<void> {
  await writeRows(tx, tenantId, article, words, '');
}

/** The same for an article that may have words. Those of other versions go: they would be those of an earlier text. */
export async function replaceWords(
  tx: Transaction,
  tenantId: string,
  article: WordsSubject,
  words: readonly AnalyzedText[],
): Promise<void> {
  const versions = words.map(({ version }) => version);
  await Promise.all([
    tx('article_words')
      .where({ tenant_id: tenantId, article_id: article.id })
      .whereNotIn('version', versions)
      .delete(),
    writeRows(
      ...([tx, tenantId, article, words] as const),
      `on conflict (tenant_id, article_id, version) do update
         set (language, words, length, body_from, offsets, headings, tables, status, category, tag_keys)
           = (excluded.language, excluded.words, excluded.length, excluded.body_from, excluded.offsets,
              excluded.headings, excluded.tables, excluded.status, excluded.category, excluded.tag_keys)`,
    ),
  ]);
}

const columns = `tenant_id, article_id, version, language, words, length, body_from, offsets, headings, tables, status, category, tag_keys`;

/** Each version is a row of its own, and nearly always there is one: so it is the same statement each time. */
async function writeRows(
  tx: Transaction,
  tenantId: string,
  article: WordsSubject,
  words: readonly AnalyzedText[],
  onConflict: string,
): Promise<void> {
  await Promise.all(
    words.map((of) =>
      tx.prepared(
        `insert into article_words (${columns})
         values ($1, $2, $3, $4, $5::tsvector, $6, $7, $8::int[], $9::int[], $10::int[], $11, $12, fold_tags($13::text[]))
         ${onConflict}`,
        [
          ...[tenantId, article.id, of.version, of.language, of.vector, of.length, of.bodyFrom],
          ...[of.offsets, of.outline.headings.flat(), of.outline.tables.flat()],
          ...[article.status, article.category, article.tags],
        ],
      ),
    ),
  );
}

/** Repeats the status of an article beside its words. */
export async function updateStatus(
  tx: Transaction,
  tenantId: string,
  articleId: string,
  status: string,
): Promise<void> {
  await tx('article_words').where({ tenant_id: tenantId, article_id: articleId }).update({ status });
}

/** Deletes the words of an article, in every version. */
export async function deleteWords(tx: Transaction, tenantId: string, articleId: string): Promise<void> {
  await tx('article_words').where({ tenant_id: tenantId, article_id: articleId }).delete();
}

/** Deletes some words of versions that served before; returns how many rows. */
export async function deleteEarlierWords(
  tx: Transaction,
  tenantId: string,
  serving: number,
  limit: number,
): Promise<number> {
  return tx('article_words')
    .where({ tenant_id: tenantId })
    .whereRaw(
      `(article_id, version) in (select article_id, version from article_words
                                  where tenant_id = ? and version < ? limit ?)`,
      [tenantId, serving, limit],
    )
    .delete();
}
