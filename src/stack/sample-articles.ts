import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { expectSuccess, type LorekeepApi } from './lorekeep-api.ts';

const fields = z.object({
  title: z.string().min(1),
  category: z.string().min(1),
  source_type: z.string().min(1),
  tags: z.array(z.string()),
});

/** An article of `samples/`, as the API takes it. */
export interface Sample extends z.infer<typeof fields> {
  /** The file's name; kept in the article's metadata, so that no later start adds it again. */
  readonly name: string;
  readonly body: string;
}

/** Reads the sample articles: a block of `name: value` lines between two rules, then the text. */
export async function readSamples(): Promise<Sample[]> {
  const dir = join(import.meta.dirname, 'samples');
  const files = (await readdir(dir)).filter((file) => /^\d.*\.md$/.test(file)).sort();
  return Promise.all(files.map(async (file) => parseSample(file, await readFile(join(dir, file), 'utf8'))));
}

export function parseSample(file: string, text: string): Sample {
  const [, head, body] = /^---\n(.*?)\n---\n(.*)$/s.exec(text) ?? [];
  if (head === undefined || body === undefined) throw new Error(`${file} has no head between two rules`);
  const given: Record<string, string | string[]> = {};
  for (const line of head.split('\n')) {
    const [, name, value] = /^(\w+):\s*(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) continue;
    given[name] = name === 'tags' ? parseList(value) : unquote(value);
  }
  return { ...fields.parse(given), name: file.replace(/\.md$/, ''), body: body.trim() };
}

const parseList = (value: string) =>
  value
    .replace(/^\[|\]$/g, '')
    .split(',')
    .map((entry) => unquote(entry.trim()));

const unquote = (value: string) => value.trim().replace(/^(["'])(.*)\1$/, '$2');

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

async function listSamples(api: LorekeepApi, key: string): Promise<Listed[]> {
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

/** Publishes the samples that are not there yet; one that somebody archived stays archived. Answers how many it added. */
export async function publishSamples(api: LorekeepApi, key: string): Promise<number> {
  const there = new Set((await listSamples(api, key)).map((each) => each.metadata.sample));
  const missing = (await readSamples()).filter((sample) => !there.has(sample.name));
  for (const { name, ...article } of missing) {
    const answer = await api({
      method: 'POST',
      path: '/articles',
      key,
      // They are known to differ: no need to pay for a comparison.
      body: { ...article, status: 'published', metadata: { sample: name }, force: true },
      idempotencyKey: `sample-${name}`,
    });
    expectSuccess(answer, z.unknown(), `publish the sample ${name}`);
  }
  return missing.length;
}

export interface Progress {
  readonly embedded: number;
  readonly published: number;
  /** Why some will not be embedded by waiting. */
  readonly givenUp: readonly string[];
}

/** Waits until every published sample has its vectors or was given up; tells `onProgress` every few seconds. */
export async function waitUntilEmbedded(
  api: LorekeepApi,
  key: string,
  options: { readonly onProgress: (progress: Progress) => void; readonly deadlineMs: number },
): Promise<Progress> {
  const deadline = Date.now() + options.deadlineMs;
  let toldAt = Date.now();
  for (;;) {
    const published = (await listSamples(api, key)).filter((each) => each.status === 'published');
    const over = published.filter(({ embedding }) => ['blocked', 'failed'].includes(embedding.status));
    const progress = {
      embedded: published.filter(({ embedding }) => embedding.status === 'embedded').length,
      published: published.length,
      givenUp: over.map(({ embedding }) => embedding.reason ?? embedding.status),
    };
    const isDone = progress.embedded + over.length === progress.published;
    if (isDone || Date.now() > deadline) return progress;
    if (Date.now() - toldAt > 5_000) {
      toldAt = Date.now();
      options.onProgress(progress);
    }
    await delay(500);
  }
}
