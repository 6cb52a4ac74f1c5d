/**
 * The condition that the words of an article do not match the tsquery `:excluded`. `articles` is the name or alias of that table in
 * the statement, which itself has to bind `:tenantId`. The words are looked up by the article's id.
 */
export function notExcludedSql(articles: string): string {
  return `not exists (select 1 from article_words excluded_words
                       where excluded_words.tenant_id = :tenantId and excluded_words.article_id = ${articles}.id
                         and excluded_words.version = (select serving_words())
                         and excluded_words.words @@ cast(:excluded as tsquery))`;
}
