/**
 * The revisions that a change is made for, from the `If-Match` of the client. A list of entity tags is allowed, as in
 * HTTP. A weak tag is not, because it never matches.
 */
export type ExpectedRevision =
  | { readonly kind: 'any' }
  | { readonly kind: 'one_of'; readonly revisions: readonly string[] };

/** Parses an `If-Match` header. Absent and `*` mean any revision. Undefined when the header is malformed. */
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

/** Whether an article of this revision is an expected one. */
export function meets(expected: ExpectedRevision, revision: number): boolean {
  return expected.kind === 'any' || expected.revisions.includes(String(revision));
}

/** The entity tag of a revision, for `ETag`. */
export function entityTag(revision: number): string {
  return `"${revision}"`;
}
