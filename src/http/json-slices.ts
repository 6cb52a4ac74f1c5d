import { setImmediate } from 'node:timers/promises';

/** About what a socket takes at once. */
export const sliceBytes = 65_536;

/**
 * JSON in UTF-8, as slices of about 64 KB. The items of arrays are serialized one by one, and other requests go on between two
 * slices: a page of long articles takes some 30 ms in all.
 */
export async function jsonSlices(body: unknown): Promise<Buffer[]> {
  const slices: Buffer[] = [];
  let text = '';
  for (const piece of piecesOf(body)) {
    text += piece;
    if (text.length < sliceBytes) continue;
    slices.push(Buffer.from(text, 'utf8'));
    text = '';
    await setImmediate();
  }
  if (text !== '') slices.push(Buffer.from(text, 'utf8'));
  return slices;
}

function* piecesOf(body: unknown): Generator<string> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    yield JSON.stringify(body);
    return;
  }
  let separator = '{';
  for (const [name, field] of Object.entries(body)) {
    if (field === undefined) continue;
    yield `${separator}${JSON.stringify(name)}:`;
    if (Array.isArray(field)) yield* itemsOf(field);
    else yield JSON.stringify(field);
    separator = ',';
  }
  yield separator === '{' ? '{}' : '}';
}

function* itemsOf(array: readonly unknown[]): Generator<string> {
  let separator = '[';
  for (const item of array) {
    yield separator + (JSON.stringify(item) ?? 'null');
    separator = ',';
  }
  yield array.length === 0 ? '[]' : ']';
}
