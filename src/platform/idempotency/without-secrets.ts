/** A copy of a JSON body with null at each of the dotted paths; a path that the body does not have is ignored. */
export function withoutSecrets(body: unknown, secretFields: readonly string[]): unknown {
  const copy: unknown = JSON.parse(JSON.stringify(body));
  for (const field of secretFields) blank(copy, field.split('.'));
  return copy;
}

function blank(value: unknown, [name, ...rest]: readonly string[]): void {
  if (name === undefined || typeof value !== 'object' || value === null) return;
  const present: unknown = Reflect.get(value, name);
  if (present === undefined) return;
  if (rest.length === 0) Reflect.set(value, name, null);
  else blank(present, rest);
}
