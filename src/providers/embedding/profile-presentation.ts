import type { ProviderTarget } from '../../domain/provider-target.ts';
import type { ProfileView } from '../../llm-config/profile-view.ts';
import { dimensionsAreUnnamed, type EmbeddingProfile, optionalFields } from './profile.ts';

/** Builds the view of a profile for clients: how requests are made now. */
export function presentProfile(profile: EmbeddingProfile, target: ProviderTarget): ProfileView {
  const { inputStyle } = target;
  const sent = optionalFields(profile, target);
  const named = sent.includes('encoding_format') ? profile.encoding : 'unnamed';
  return {
    encoding: profile.vectors === 'base64' ? 'base64' : named,
    dimensions_parameter: dimensionsAreUnnamed(profile, target) ? 'none' : profile.dimensionsParameter,
    input_style: inputStyle.kind === 'field' && !sent.includes(inputStyle.name) ? 'none' : inputStyle.kind,
    max_inputs: profile.maxInputs,
    max_request_tokens: profile.maxRequestTokens,
    max_input_tokens: profile.maxInputTokens,
    found_at: profile.foundAt?.toISOString() ?? null,
  };
}
