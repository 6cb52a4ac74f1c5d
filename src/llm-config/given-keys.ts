import type { Provider } from '../domain/operations.ts';
import type { FieldError } from '../platform/http/problem.ts';
import { maxKeyLength, readPastedKey } from './pasted-key.ts';
import type { Notice } from './plan-change.ts';

/** The request field of each key. */
export const keyFields: Readonly<Record<Provider, 'api_key' | 'embedding_api_key'>> = {
  anthropic: 'api_key',
  embedding: 'embedding_api_key',
};

/** A change of keys as a client sends it: undefined keeps a key, null removes it. */
export interface KeysPatch {
  /** Anthropic's key. */
  readonly api_key?: string | null | undefined;
  readonly embedding_api_key?: string | null | undefined;
}

/** The keys that a client sent, without what they were pasted with. */
export type GivenKeys =
  | {
      readonly kind: 'keys';
      readonly keys: Readonly<Record<Provider, string | null | undefined>>;
      readonly notices: readonly Notice[];
    }
  | { readonly kind: 'invalid'; readonly errors: readonly FieldError[] };

/** The fewest characters of a key, for providers that always need one. */
export const minKeyLength = 20;

/** Reads both keys. The embedding key's length is checked apart, because the provider decides it. */
export function readGivenKeys(patch: KeysPatch): GivenKeys {
  const notices: Notice[] = [];
  const errors: FieldError[] = [];
  const read = (provider: Provider): string | null | undefined => {
    const path = keyFields[provider];
    const given = patch[path];
    if (given === null || given === undefined) return given;
    const pasted = readPastedKey(given);
    if (pasted.kind === 'refused') {
      errors.push({ path, message: pasted.message });
      return undefined;
    }
    notices.push(...pasted.notices.map((message) => ({ path, message })));
    return pasted.key;
  };
  const keys = { anthropic: read('anthropic'), embedding: read('embedding') };
  errors.push(...refusedLength('anthropic', keys.anthropic, false));
  return errors.length > 0 ? { kind: 'invalid', errors } : { kind: 'keys', keys, notices };
}

/** Why a key is too short; empty where it is not. */
export function refusedLength(
  provider: Provider,
  key: string | null | undefined,
  keysOptional: boolean,
): readonly FieldError[] {
  if (key === null || key === undefined || keysOptional || key.length >= minKeyLength) return [];
  const message = `must have ${minKeyLength} to ${maxKeyLength} printable ASCII characters; this one has ${key.length}`;
  return [{ path: keyFields[provider], message }];
}
