/**
 * The revision that a change was made for: the client's `If-Match`. A list of entity tags is allowed, as in HTTP; a weak
 * tag is not, since it never matches.
 */
export type ExpectedRevision =
  | { readonly kind: 'any' }
  | { readonly kind: 'one_of'; readonly revisions: readonly string[] };

/** Parses an `If-Match` header; absent and `*` are any revision. Undefined when it is malformed. */
export function parseIfMatch(header: string | undefined): ExpectedRevision | undefined {
  if (header === undefined || header.trim() === '*') return { kind: 'any' };
  const revisions: string[] = [];
  for (const tag of header.split(',')) {
    const revision = /^\s*"(\d{1,10})"\s*$/.exec(tag)?.[1];
    if (revision === undefined) return undefined;
    revisions.push(revision);
  }
  return { kind: 'one_of', revisions };
}

/** Whether an article of this revision is the one expected. */
export function meets(expected: ExpectedRevision, revision: number): boolean {
  return expected.kind === 'any' || expected.revisions.includes(String(revision));
}

/** The entity tag of a revision, for `ETag`. */
export function entityTag(revision: number): string {
  return `"${revision}"`;
}
