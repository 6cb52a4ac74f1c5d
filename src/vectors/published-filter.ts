/** Selects from the tenant's published articles; without fields, all of them. */
export interface PublishedFilter {
  readonly category?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  /** Whether an article must have all of the tags (the default) or any of them. */
  readonly tagsMatch?: 'all' | 'any' | undefined;
  /** The text of a tsquery that an article's words must not match. */
  readonly excluded?: string | undefined;
}

/** A part of a statement, and the values of its named parameters. */
export interface SqlFragment {
  readonly sql: string;
  readonly bindings: Readonly<Record<string, unknown>>;
}

/**
 * Returns the filter as a condition. `articles` is the name or alias of that table in the statement, which itself has
 * to bind `:tenantId`.
 */
export function publishedFilterSql(
  { category, tags = [], tagsMatch }: Omit<PublishedFilter, 'excluded'>,
  articles: string,
): SqlFragment {
  const conditions = [`${articles}.tenant_id = :tenantId and ${articles}.status = 'published'`];
  const bindings: Record<string, unknown> = {};
  if (category !== undefined) {
    conditions.push(`${articles}.category = :category`);
    bindings.category = category;
  }
  if (tags.length > 0) {
    conditions.push(
      `${articles}.tag_keys ${tagsMatch === 'any' ? '&&' : '@>'} fold_tags(cast(:tags as text[]))`,
    );
    bindings.tags = [...tags];
  }
  return { sql: conditions.join(' and '), bindings };
}
