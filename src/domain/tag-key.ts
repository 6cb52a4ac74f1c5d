/** What tags are compared by. The database makes the same of the tags that it finds articles by. */
export function tagKey(tag: string): string {
  const visible = tag.replace(/\p{Default_Ignorable_Code_Point}/gu, '');
  return visible.normalize('NFKC').toUpperCase().toLowerCase();
}

/** The keys of an article's tags in one order: neither the order nor the case of its tags changes what is made of them. */
export function tagKeys(tags: readonly string[]): string[] {
  return [...new Set(tags.map(tagKey))].sort();
}
