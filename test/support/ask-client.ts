import type { ProviderTarget } from '../../src/domain/provider-target.ts';
import {
  createEmbeddingClient,
  type EmbeddingRequest,
} from '../../src/providers/embedding/embedding-client.ts';
import { startingProfile } from '../../src/providers/embedding/profile.ts';
import {
  createProviderConnections,
  type ProviderConnections,
} from '../../src/providers/wire/provider-connections.ts';

/** One attempt of the bare client at a target of which nothing is known. */
export function askClient(
  target: ProviderTarget,
  request: Pick<EmbeddingRequest, 'apiKey' | 'timeoutMs'> & Partial<EmbeddingRequest>,
  connections: ProviderConnections = createProviderConnections('public'),
) {
  return createEmbeddingClient(connections).embed({
    target,
    profile: startingProfile(target, undefined),
    vendor: undefined,
    texts: ['one', 'two'],
    side: 'passage',
    expectedDimensions: undefined,
    ...request,
  });
}
