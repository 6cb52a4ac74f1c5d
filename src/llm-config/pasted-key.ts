import { findOddCharacter } from '../domain/odd-character.ts';
import { findNoKey } from './no-key.ts';

/** A provider's key as a client sent it, without what it was pasted with; or why it cannot be one. No text here holds any of it. */
export type PastedKey =
  | { readonly kind: 'key'; readonly key: string; readonly notices: readonly string[] }
  | { readonly kind: 'refused'; readonly message: string };

/** The most characters of a key. The fewest depend on the provider. */
export const maxKeyLength = 500;

/** What a paste may have around a key, with what is said when it is taken off. The key is the group. */
const wrappings: readonly (readonly [pattern: RegExp, notice: string])[] = [
  [/^(?:"[\w.-]+"|'[\w.-]+')\s*:\s*([^\s:].*)$/s, 'The name before the key was taken off.'],
  [
    /^"(.*)"[;,]?$|^'(.*)'[;,]?$|^`(.*)`[;,]?$|^[“„](.*)[”“][;,]?$|^‘(.*)’[;,]?$/s,
    'The quotes around the key were taken off.',
  ],
  [
    /^(?:export|set)\s+[A-Za-z_][A-Za-z0-9_]*\s*=\s*(.+)$/s,
    'What stood before the key, as in a shell, was taken off.',
  ],
  [/^[A-Z][A-Z0-9_]*\s*=\s*([^=].*)$/s, 'The name before the key was taken off.'],
  [
    /^(?:authorization|x-api-key|api-key)\s*:\s*(.+)$/is,
    'The name of the header before the key was taken off.',
  ],
  // A key may have a colon, but no blank after it.
  [/^[A-Za-z_][\w.-]*\s*:\s+(\S.*)$/s, 'The name before the key was taken off.'],
  [/^bearer\s+(.+)$/is, '“Bearer” before the key was taken off.'],
];

/** Printable ASCII but the blank, which no key has. */
const characterOfKeys = /^[\x21-\x7e]$/;

/** Reads a key out of what was pasted. Its length is checked apart, because the fewest characters depend on the provider. */
export function readPastedKey(given: string): PastedKey {
  const notices = new Set<string>();
  let key = given.trim();
  for (let inner = unwrap(key); inner !== undefined; inner = unwrap(key)) {
    key = inner.key.trim();
    notices.add(inner.notice);
  }
  const before = [...given.slice(0, given.indexOf(key))].length;
  const other = findNoKey(key);
  if (other !== undefined) {
    const message = `${other.whatItIs} (at character ${before + other.position}); ${other.nextStep}`;
    return { kind: 'refused', message };
  }
  const odd = findOddCharacter(key, characterOfKeys);
  if (odd !== undefined) {
    return {
      kind: 'refused',
      message: `has ${odd.name} at character ${before + odd.position}; copy the key again`,
    };
  }
  if (key === '') return { kind: 'refused', message: 'holds no key' };
  if (key.length > maxKeyLength)
    return { kind: 'refused', message: `must have at most ${maxKeyLength} characters` };
  return { kind: 'key', key, notices: [...notices] };
}

function unwrap(text: string): { readonly key: string; readonly notice: string } | undefined {
  for (const [pattern, notice] of wrappings) {
    const groups = pattern.exec(text)?.slice(1);
    const key = groups?.find((group) => group !== undefined);
    if (key !== undefined) return { key, notice };
  }
  return undefined;
}
