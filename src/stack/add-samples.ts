import type { ApiClient } from './api-client.ts';
import { type DemoKeys, hasEmbeddingKey } from './demo-tenant.ts';
import { publishSamples, waitUntilEmbedded } from './sample-articles.ts';

export interface AddSamplesOptions {
  readonly api: ApiClient;
  readonly keys: DemoKeys;
  /** Whether the embedding server of this machine is used, whose embeddings cost nothing. */
  readonly isLocalModel: boolean;
  readonly log: (line: string) => void;
  /** Shows a search by meaning, as soon as one can find its sample. */
  readonly showSearch: () => Promise<void>;
}

const embeddingDeadlineMs = 20 * 60_000;

/**
 * Publishes the missing samples and, with the local model, waits until they are embedded. Only with it is a search by meaning shown:
 * another service may be slow or away, and bills each search.
 */
export async function addSamples(options: AddSamplesOptions): Promise<void> {
  const { api, keys, isLocalModel, log, showSearch } = options;
  const added = await publishSamples(api, keys.user);
  if (added > 0) log(`published ${added} sample articles`);
  if (!isLocalModel) {
    log(
      (await hasEmbeddingKey(api, keys.user))
        ? 'the demo tenant has an embedding key, with which EMBEDDING_BASE_URL is called: POST /api/v1/tenants/me/llm-config/verify tries it, GET /api/v1/knowledge/embeddings shows what is embedded'
        : 'the demo tenant has no embedding key: set one with PATCH /api/v1/tenants/me/llm-config to search by meaning',
    );
    return;
  }
  const { embedded, published, givenUp } = await waitUntilEmbedded(api, keys.user, {
    onProgress: (progress) => log(`embedding the samples: ${progress.embedded} of ${progress.published} …`),
    onShowcase: showSearch,
    deadlineMs: embeddingDeadlineMs,
  });
  if (embedded < published) {
    const reasons = [...new Set(givenUp)].join(', ') || 'it takes longer than expected';
    log(`${published - embedded} of ${published} samples are not embedded (${reasons})`);
  }
}
