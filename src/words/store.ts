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
 * Writes the words of an article in each of the given versions, and deletes those of other versions, which would be those of an
 * earlier text. Where the version that serves the tenant is not among them, because a later release has replaced the one of this
 * process, the worker is asked to look for what is missing.
 */
export async function replaceWords(
  tx: Transaction,
  tenantId: string,
  article: WordsSubject,
  words: readonly AnalyzedText[],
): Promise<void> {
  const row = '(?, ?, ?, ?, ?::tsvector, ?, ?, ?::int[], ?::int[], ?::int[], ?, ?, fold_tags(?::text[]))';
  await tx.raw(
    `with gone as (
       delete from article_words where tenant_id = ? and article_id = ? and version <> all(?::int[])
     ), written as (
       insert into article_words
         (tenant_id, article_id, version, language, words, length, body_from, offsets, headings, tables, status, category,
          tag_keys)
       values ${words.map(() => row).join(', ')}
       on conflict (tenant_id, article_id, version) do update
         set (language, words, length, body_from, offsets, headings, tables, status, category, tag_keys)
           = (excluded.language, excluded.words, excluded.length, excluded.body_from, excluded.offsets,
              excluded.headings, excluded.tables, excluded.status, excluded.category, excluded.tag_keys)
     )
     update word_versions set building = serving, changed_at = clock_timestamp()
      where tenant_id = ? and building is null and serving <> all(?::int[])`,
    [
      ...[tenantId, article.id, words.map(({ version }) => version)],
      ...words.flatMap((of) => [
        ...[
          tenantId,
          article.id,
          of.version,
          of.language,
          of.vector,
          of.length,
          of.bodyFrom,
          [...of.offsets],
          of.outline.headings.flat(),
          of.outline.tables.flat(),
        ],
        ...[article.status, article.category, [...article.tags]],
      ]),
      ...[tenantId, words.map(({ version }) => version)],
    ],
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
