/**
 * The path of a field inside another, as `tags[3]` or `metadata.source`. A secret that was pasted as a field's name must not be
 * repeated, so only a name of letters and underscores, at most 41 characters long, is shown.
 */
export function fieldPath(parent: string, step: PropertyKey): string {
  if (typeof step === 'number') return `${parent}[${step}]`;
  const name = typeof step === 'string' && /^[A-Za-z][A-Za-z_]{0,40}$/.test(step) ? step : '(unknown field)';
  return parent === '' ? name : `${parent}.${name}`;
}
