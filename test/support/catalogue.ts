import type { ProviderUrls } from '../../src/domain/provider-urls.ts';
import { createTargets } from '../../src/llm-config/targets.ts';
import type { AddressVerdict } from '../../src/platform/net/address-check.ts';
import { createCatalogue } from '../../src/providers/catalogue/create-catalogue.ts';
import { createProfiles } from '../../src/providers/embedding/profiles.ts';

/** What settings need of an installation whose own provider is at port 9, where nothing listens. */
export function installationOf(
  providerUrls: ProviderUrls = 'public',
  verdictOn: (host: string) => AddressVerdict = () => 'allowed',
) {
  const catalogue = createCatalogue({
    baseUrl: 'http://127.0.0.1:9/v1',
    defaultModel: 'default-embedding',
    sendsInputType: false,
  });
  return {
    catalogue,
    targets: createTargets({ catalogue, providerUrls, anthropicBaseUrl: 'http://127.0.0.1:9' }),
    // Nothing is called.
    tryCandidates: async () => ({ calls: {}, remember: async () => undefined }),
    profileView: createProfiles({ catalogue }).view,
    addressCheck: { check: async (host: string) => verdictOn(host) },
  };
}
