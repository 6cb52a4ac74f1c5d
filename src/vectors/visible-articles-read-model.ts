import { type PublishedFilter, publishedFilterSql, type SqlFragment } from './published-filter.ts';

/**
 * Returns two items of a FROM clause: `a`, the published articles that pass the filter, and `m`, the manifest of their
 * current text in the space `:spaceId`. `articleId`, a column of an earlier item, limits them to one article.
 *
 * `offset 0` makes Postgres look up each row by its primary key. Alternative that lost: a plain join. Just after a
 * large import the statistics are out of date, so the planner expects few rows and compares every article with every
 * manifest.
 */
export function visibleArticlesSql(filter: PublishedFilter, articleId?: string): SqlFragment {
  const { sql, bindings } = publishedFilterSql(filter, 'articles');
  const one = articleId === undefined ? '' : `and id = ${articleId} offset 0`;
  return {
    sql: `lateral (select id, content_hash, coalesce(language, detected_language) as language
                     from articles
                    where ${sql} ${one}) a,
          lateral (select chunk_hashes
                     from article_manifests
                    where tenant_id = :tenantId and space_id = :spaceId and article_id = a.id
                      and content_hash = a.content_hash
                   offset 0) m`,
    bindings,
  };
}
