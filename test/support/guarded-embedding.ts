import type { Database } from '../../src/platform/postgres/database.ts';
import { createGuardedEmbedding } from '../../src/providers/embedding/guarded-embedding.ts';
import { createProfileCache } from '../../src/providers/embedding/profile-cache.ts';
import type { Guard } from '../../src/providers/guard.ts';
import {
  createProviderConnections,
  type ProviderConnections,
} from '../../src/providers/wire/provider-connections.ts';
import type { TestServices } from './test-services.ts';

/** Embedding through a guard of the test's own. The rest is that of the services. */
export function guardedEmbeddingOf(
  { services }: Pick<TestServices, 'services'>,
  guard: Guard,
  database: Database = services.database,
  connections: ProviderConnections = createProviderConnections('public'),
) {
  const { profiles, catalogue, providerKeys: keys } = services;
  const metrics = { modelDrifted: () => undefined };
  const log = { warn: () => undefined };
  const cache = createProfileCache({ database, profiles, metrics, log });
  return createGuardedEmbedding({
    ...{ database, keys, guard, catalogue, cache, connections },
  });
}
