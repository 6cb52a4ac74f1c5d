import type { ApiClient } from './api-client.ts';
import type { DemoKeys } from './demo-tenant.ts';
import { publishSamples, waitUntilEmbedded } from './sample-articles.ts';

export interface AddSamplesOptions {
  readonly api: ApiClient;
  readonly keys: DemoKeys;
  readonly hasEmbeddingKey: boolean;
  readonly log: (line: string) => void;
}

const embeddingDeadlineMs = 20 * 60_000;

/** Publishes the missing samples and waits until they are embedded. Returns whether a search by meaning can find one. */
export async function addSamples({ api, keys, hasEmbeddingKey, log }: AddSamplesOptions): Promise<boolean> {
  const added = await publishSamples(api, keys.user);
  if (added > 0) log(`published ${added} sample articles`);
  if (!hasEmbeddingKey) {
    log(
      'the demo tenant has no embedding key: set one with PATCH /api/v1/tenants/me/llm-config to search by meaning',
    );
    return false;
  }
  const { embedded, published, givenUp } = await waitUntilEmbedded(api, keys.user, {
    onProgress: (progress) => log(`embedding the samples: ${progress.embedded} of ${progress.published} …`),
    deadlineMs: embeddingDeadlineMs,
  });
  if (embedded < published) {
    const reasons = [...new Set(givenUp)].join(', ') || 'it takes longer than expected';
    log(`${published - embedded} of ${published} samples are not embedded (${reasons})`);
  }
  return embedded > 0;
}
