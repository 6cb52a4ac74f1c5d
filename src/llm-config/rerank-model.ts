import type { FieldError } from '../platform/http/problem.ts';
import type { Catalogue } from '../providers/catalogue/create-catalogue.ts';
import type { Vendor } from '../providers/catalogue/vendor.ts';
import type { Notice } from './plan-change.ts';
import type { OwnSettingsPatch } from './settings-change.ts';
import type { OwnSettings } from './settings-store.ts';

/** The model of reranking after a change; null takes the vendor's default. */
export type ChosenRerankModel =
  | { readonly kind: 'chosen'; readonly stored: string | null; readonly notices: readonly Notice[] }
  | { readonly kind: 'refused'; readonly error: FieldError };

const path = 'rerank_model';
const chosen = (stored: string | null, message?: string): ChosenRerankModel => ({
  kind: 'chosen',
  stored,
  notices: message === undefined ? [] : [{ path, message }],
});

/**
 * Chooses the model of reranking. One that was chosen for another provider is taken out, since no two vendors have the same; a
 * provider without reranking takes none.
 */
export function chooseRerankModel(
  catalogue: Catalogue,
  vendor: Vendor,
  before: OwnSettings,
  { rerank_model: given }: OwnSettingsPatch,
): ChosenRerankModel {
  if (given === null) return chosen(null);
  if (given === undefined) {
    const isKept = vendor === catalogue.find(before.embedding_provider);
    if (isKept || before.rerank_model === null) return chosen(before.rerank_model);
    return chosen(null, 'The reranking model of the former provider was taken out.');
  }
  const { title, rerank } = vendor;
  if (rerank === null) {
    const others = catalogue.vendors.filter((each) => each.rerank !== null).map(({ name }) => name);
    const message = `must be null: ${title} has no reranking; these providers have: ${others.join(', ')}`;
    return { kind: 'refused', error: { path, message } };
  }
  if (rerank.models.includes(given)) return chosen(given);
  return chosen(
    given,
    `${given} is not among the known reranking models of ${title}; the first search with rerank shows whether it is there.`,
  );
}
