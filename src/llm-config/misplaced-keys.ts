import type { FieldError } from '../platform/http/problem.ts';
import { minKeyLength } from './given-keys.ts';
import type { OwnSettingsPatch } from './settings-change.ts';

/** The settings that are texts. They are shown in answers and go to providers, so no key may stand in them. */
const texts = [
  'embedding_base_url',
  'embedding_model',
  'rerank_model',
  'extraction_model',
  'classification_model',
  'merge_model',
] as const satisfies readonly (keyof OwnSettingsPatch)[];

/** Finds the fields of a change into which one of its own keys was pasted, too. A short key may be a part of any text by chance. */
export function misplacedKeys(
  patch: OwnSettingsPatch,
  keys: readonly (string | null | undefined)[],
): readonly FieldError[] {
  const long = keys.flatMap((key) => (typeof key === 'string' && key.length >= minKeyLength ? [key] : []));
  return texts
    .filter((field) => long.some((key) => patch[field]?.includes(key)))
    .map((path) => ({ path, message: 'holds a key, which is set in its own field alone' }));
}
