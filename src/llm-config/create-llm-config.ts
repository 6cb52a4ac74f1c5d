import type { Audit } from '../audit/service.ts';
import type { ProviderUrls } from '../domain/provider-urls.ts';
import type { AddressCheck } from '../platform/net/address-check.ts';
import type { Database } from '../platform/postgres/database.ts';
import type { Transit } from '../platform/vault/transit.ts';
import type { Catalogue } from '../providers/catalogue/create-catalogue.ts';
import { createKeyCustody } from './custody.ts';
import type { KeyWaiters } from './key-waiters.ts';
import type { LlmConfigMetrics } from './metrics.ts';
import { createProviderKeys, type ProviderKeys } from './provider-keys.ts';
import { type BacklogRequests, createSettings, type ProfileViews, type Settings } from './settings.ts';
import { createTargets } from './targets.ts';
import type { TryCandidates } from './trial.ts';

/** Wires the tenants' settings, the custody of their keys, and the keys as the guard sees them. */
export function createLlmConfig(deps: {
  readonly database: Database;
  readonly audit: Audit;
  readonly transit: Transit;
  readonly metrics: Pick<LlmConfigMetrics, 'keyOpened'>;
  readonly backlog: BacklogRequests;
  readonly keyWaiters: readonly KeyWaiters[];
  readonly catalogue: Catalogue;
  /** Which addresses tenants may choose. */
  readonly providerUrls: ProviderUrls;
  readonly addressCheck: AddressCheck;
  readonly anthropicBaseUrl: string;
  readonly profileView: ProfileViews;
  readonly tryCandidates: TryCandidates;
}): { readonly llmConfig: Settings; readonly keys: ProviderKeys } {
  const { database, audit, backlog, keyWaiters, catalogue, addressCheck, profileView, tryCandidates } = deps;
  const custody = createKeyCustody(deps);
  const targets = createTargets(deps);
  return {
    llmConfig: createSettings({
      database,
      audit,
      custody,
      catalogue,
      targets,
      addressCheck,
      profileView,
      tryCandidates,
      backlog,
      keyWaiters,
    }),
    keys: createProviderKeys({ custody, audit, targets }),
  };
}
