import type { ModelField } from '../domain/operations.ts';

/** A model for each use. */
export type Models = Readonly<Record<ModelField, string>>;

/** The Anthropic models of tenants that name none: the small one classifies, the larger one writes. */
export const defaultAnthropicModels = {
  extraction_model: 'claude-sonnet-4-5',
  classification_model: 'claude-haiku-4-5',
  merge_model: 'claude-sonnet-4-5',
} as const satisfies Omit<Models, 'embedding_model'>;

/** The tenant's own model for each use, or the default where it names none. */
export function effectiveModels(own: Readonly<Record<ModelField, string | null>>, defaults: Models): Models {
  return {
    embedding_model: own.embedding_model ?? defaults.embedding_model,
    extraction_model: own.extraction_model ?? defaults.extraction_model,
    classification_model: own.classification_model ?? defaults.classification_model,
    merge_model: own.merge_model ?? defaults.merge_model,
  };
}
