/**
 * The path of a field inside another, as `tags[3]` or `metadata.source`. A key pasted where a field's name belongs must not
 * come back: only what looks like a name is repeated, so no digits and no great length.
 */
export function fieldPath(parent: string, step: PropertyKey): string {
  if (typeof step === 'number') return `${parent}[${step}]`;
  const name = typeof step === 'string' && /^[A-Za-z][A-Za-z_]{0,40}$/.test(step) ? step : '(unknown field)';
  return parent === '' ? name : `${parent}.${name}`;
}
