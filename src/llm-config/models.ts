import type { ModelField } from '../domain/operations.ts';

/** A model for each use that every tenant can have: reranking is only for those whose vendor has it. */
export type Models = Readonly<Record<Exclude<ModelField, 'rerank_model'>, string>>;

/** The settings that name models of the Anthropic key. */
export type AnthropicModelField = Exclude<ModelField, 'embedding_model' | 'rerank_model'>;

/**
 * The Anthropic models of tenants that name none: the current small one, which its vendor recommends for extraction and
 * classification. It costs a twentieth of the next larger one, and the answers are drafts that people read.
 */
export const defaultAnthropicModels = {
  extraction_model: 'claude-haiku-5-5',
  classification_model: 'claude-haiku-5-5',
  merge_model: 'claude-haiku-5-5',
} as const satisfies Readonly<Record<AnthropicModelField, string>>;

/** The tenant's own Anthropic model for each use, or the default where it names none. */
export function effectiveAnthropicModels(
  own: Readonly<Record<AnthropicModelField, string | null>>,
): Readonly<Record<AnthropicModelField, string>> {
  const defaults = defaultAnthropicModels;
  return {
    extraction_model: own.extraction_model ?? defaults.extraction_model,
    classification_model: own.classification_model ?? defaults.classification_model,
    merge_model: own.merge_model ?? defaults.merge_model,
  };
}
