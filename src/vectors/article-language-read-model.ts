/**
 * Returns an item of a FROM clause: `language`, that of the article of the tenant `$1` whose id is `articleId`, a column of an earlier item. It is
 * null where no language was given or detected.
 *
 * `offset 0` makes Postgres look up each article by its primary key, whatever the statistics say.
 */
export const articleLanguageSql = (articleId: string): string =>
  `lateral (select coalesce(language, detected_language) as language
              from articles
             where tenant_id = $1 and id = ${articleId}
            offset 0) written`;
