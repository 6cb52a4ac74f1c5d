import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { type ApiClient, expectSuccess } from './api-client.ts';
import { loadSamples, showcase } from './samples/index.ts';

const page = z.object({
  data: z.array(
    z.object({
      metadata: z.object({ sample: z.string().optional() }),
      status: z.string(),
      embedding: z.object({ status: z.string(), reason: z.string().nullable() }),
    }),
  ),
  meta: z.object({ next_cursor: z.string().nullable() }),
});
type Listed = z.infer<typeof page>['data'][number];

async function listSamples(api: ApiClient, key: string): Promise<Listed[]> {
  const found: Listed[] = [];
  let cursor: string | null = null;
  do {
    const query: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const answer = await api({ path: `/articles?limit=100${query}`, key });
    const { data, meta } = expectSuccess(answer, page, 'list the articles');
    found.push(...data.filter((each) => each.metadata.sample !== undefined));
    cursor = meta.next_cursor;
  } while (cursor !== null);
  return found;
}

/**
 * Publishes the samples that are missing and returns their number. An archived sample is not published again. The one that the first
 * search finds comes first, because samples are embedded in their order, more or less.
 */
export async function publishSamples(api: ApiClient, key: string): Promise<number> {
  const there = new Set((await listSamples(api, key)).map((each) => each.metadata.sample));
  const missing = (await loadSamples()).filter((sample) => !there.has(sample.slug));
  const inOrder = [...missing].sort(
    (a, b) => Number(b.slug === showcase.slug) - Number(a.slug === showcase.slug),
  );
  for (const { slug, sourceType, ...article } of inOrder) {
    const answer = await api({
      method: 'POST',
      path: '/articles',
      key,
      body: {
        ...article,
        source_type: sourceType,
        status: 'published',
        // A later start recognises the sample by it.
        metadata: { sample: slug },
        // The samples are known to differ, so no comparison is needed.
        force: true,
      },
      idempotencyKey: `sample-${slug}`,
    });
    expectSuccess(answer, z.unknown(), `publish the sample ${slug}`);
  }
  return missing.length;
}

export interface Progress {
  readonly embedded: number;
  readonly published: number;
  /** The reasons of the samples that are blocked or failed, which waiting does not change. */
  readonly givenUp: readonly string[];
}

/** What a wait tells on the way. */
export interface WaitOptions {
  /** Called every few seconds, if there is progress. */
  readonly onProgress: (progress: Progress) => void;
  /** Called once, as soon as the sample that the first search finds is embedded. */
  readonly onShowcase?: () => Promise<void>;
  readonly deadlineMs: number;
}

/** Waits until every published sample is embedded, blocked or failed. */
export async function waitUntilEmbedded(
  api: ApiClient,
  key: string,
  options: WaitOptions,
): Promise<Progress> {
  const deadline = Date.now() + options.deadlineMs;
  let toldAt = Date.now();
  let told = -1;
  let isShown = false;
  for (;;) {
    const published = (await listSamples(api, key)).filter((each) => each.status === 'published');
    const isEmbedded = ({ embedding }: Listed) => ['embedded', 'partial'].includes(embedding.status);
    const over = published.filter(({ embedding }) => ['blocked', 'failed'].includes(embedding.status));
    const progress = {
      embedded: published.filter(isEmbedded).length,
      published: published.length,
      givenUp: over.map(({ embedding }) => embedding.reason ?? embedding.status),
    };
    const isDone = progress.embedded + over.length === progress.published || Date.now() > deadline;
    const canShow = published.some((each) => each.metadata.sample === showcase.slug && isEmbedded(each));
    if (!isShown && (canShow || (isDone && progress.embedded > 0))) {
      isShown = true;
      await options.onShowcase?.();
    }
    if (isDone) return progress;
    if (Date.now() - toldAt > 5_000 && progress.embedded !== told) {
      toldAt = Date.now();
      told = progress.embedded;
      options.onProgress(progress);
    }
    await delay(500);
  }
}
