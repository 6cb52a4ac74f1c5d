import type { PublishedFilter } from './published-filter.ts';

/** The values of the filter of visibleArticlesSql, for `$3` to `$6`. */
export function filterValues({ category, tags = [], tagsMatch, excluded }: PublishedFilter): unknown[] {
  const any = tags.length > 0 && tagsMatch === 'any';
  return [category ?? null, tags.length === 0 ? null : [...tags], any, excluded ?? null];
}

/**
 * Returns two items of a FROM clause: `a`, the published articles of the tenant `$1` that pass the filter, and `m`, the manifest of
 * their current text in the space `$2`. `articleId`, a column of an earlier item, limits them to one article. One text for all
 * filters, so that it can be prepared.
 *
 * `offset 0` makes Postgres look up each row by its primary key. Alternative that lost: a plain join. Just after a
 * large import the statistics are out of date, so the planner expects few rows and compares every article with every
 * manifest.
 */
export function visibleArticlesSql(articleId?: string): string {
  const one = articleId === undefined ? '' : `and id = ${articleId} offset 0`;
  return `lateral (select id, content_hash, coalesce(language, detected_language) as language
                     from articles
                    where tenant_id = $1 and status = 'published'
                      and ($3::text is null or category = $3)
                      and ($4::text[] is null
                           or case when $5::boolean then tag_keys && (select fold_tags($4)) else tag_keys @> (select fold_tags($4)) end)
                      and ($6::text is null
                           or not exists (select 1 from article_words w
                                           where w.tenant_id = $1 and w.article_id = articles.id
                                             and w.version = (select serving_words())
                                             and w.words @@ (select $6::tsquery) offset 0))
                      ${one}) a,
          lateral (select chunk_hashes
                     from article_manifests
                    where tenant_id = $1 and space_id = $2 and article_id = a.id
                      and content_hash = a.content_hash
                   offset 0) m`;
}
