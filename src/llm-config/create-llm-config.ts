import type { Audit } from '../audit/service.ts';
import type { Database } from '../platform/postgres/database.ts';
import type { Transit } from '../platform/vault/transit.ts';
import { createKeyCustody } from './custody.ts';
import type { LlmConfigMetrics } from './metrics.ts';
import { defaultAnthropicModels } from './models.ts';
import { createProviderKeys, type ProviderKeys } from './provider-keys.ts';
import { type BacklogRequests, createSettings, type Settings } from './settings.ts';
import { createTargets, type Installation } from './targets.ts';

/** Wires the tenants' settings, the custody of their keys, and the keys as the guard sees them. */
export function createLlmConfig(deps: {
  readonly database: Database;
  readonly audit: Audit;
  readonly transit: Transit;
  readonly metrics: Pick<LlmConfigMetrics, 'keyOpened'>;
  readonly backlog: BacklogRequests;
  /** The embedding model of tenants that name none. */
  readonly defaultEmbeddingModel: string;
  /** The installation's own providers. */
  readonly installation: Installation;
}): { readonly llmConfig: Settings; readonly keys: ProviderKeys } {
  const { database, audit, backlog } = deps;
  const custody = createKeyCustody(deps);
  const defaultModels = { embedding_model: deps.defaultEmbeddingModel, ...defaultAnthropicModels };
  return {
    llmConfig: createSettings({ database, audit, custody, defaultModels, backlog }),
    keys: createProviderKeys({ custody, audit, defaultModels, targets: createTargets(deps.installation) }),
  };
}
