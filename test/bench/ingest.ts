import { setTimeout as delay } from 'node:timers/promises';
import pLimit from 'p-limit';
import { z } from 'zod';
import { createApiClient, expectSuccess } from '../../src/stack/api-client.ts';
import { partsAtOnce } from '../../workflows/policies.ts';
import { slowTwinKey } from '../support/provider-twin.ts';
import type { BenchStack } from './bench-stack.ts';
import { type BenchTenant, createBenchTenant } from './bench-tenant.ts';
import { type Figure, figure } from './figure.ts';
import { createKeepAliveClient } from './keep-alive-client.ts';
import { median } from './statistics.ts';

const sections = 24;
const rounds = 3;
const pollMs = 10;
/** When the stand-in's model says its answer: a fourth of what a small real one takes for some pages, and with no wait to hide in. */
const answerTimesMs = [
  { answerMs: 500, bar: { atLeast: 0.5 } },
  { answerMs: 50, bar: undefined },
] as const;
/** A little less than the longest part of a document, so that each section is a part. */
const sectionCharacters = 11_000;

/** ingest: a document, from the request to the last of its drafts, against the calls of its parts and nothing else. */
export async function benchIngest(stack: BenchStack, log: (line: string) => void): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const { answerMs, bar } of answerTimesMs) {
    const name = `a document of ${sections} parts, answers after ${answerMs} ms`;
    const { measured, floor } = await measure(stack, answerMs, (line) => log(`(ingest) ${name}: ${line} …`));
    figures.push(
      figure({
        ...{ bench: 'ingest', name, unit: '/s' },
        ...{ measured: median(measured), floor: median(floor) },
        ...(bar === undefined ? {} : { bar }),
      }),
    );
  }
  return figures;
}

/** Rounds of the document and of its calls alone, in turn. */
async function measure(stack: BenchStack, answerMs: number, log: (line: string) => void) {
  const tenant = await createBenchTenant(stack, true);
  const measured: number[] = [];
  const floor: number[] = [];
  try {
    const anthropicKey = slowTwinKey(answerMs);
    await setAnthropicKey(stack, tenant, anthropicKey);
    // A round of warm-up first, of both.
    for (let round = 0; round <= rounds; round += 1) {
      log(round === 0 ? 'warm-up' : `round ${round} of ${rounds}`);
      const texts = sectionsOf(`${round}, ${answerMs} ms`);
      const ingested = await ingest(stack, tenant, texts);
      const called = await callTwin(stack, anthropicKey, texts);
      if (round === 0) continue;
      measured.push(ingested);
      floor.push(called);
    }
    return { measured, floor };
  } finally {
    await tenant.close();
  }
}

const queuedJob = z.object({ data: z.object({ id: z.string() }) });

/** Parts a second, from the request on. */
async function ingest(stack: BenchStack, tenant: BenchTenant, texts: readonly string[]): Promise<number> {
  const api = createApiClient(stack.apiUrl);
  const startedAt = performance.now();
  const answer = await api({
    method: 'POST',
    path: '/knowledge/ingest',
    key: tenant.keys.user,
    body: { content: texts.join('\n\n'), source_type: 'bench', max_articles: 50 },
  });
  const { id } = expectSuccess(answer, queuedJob, 'ingest a document').data;
  let job = await tenant.readJob(id);
  while (job.status === 'queued' || job.status === 'running') {
    await delay(pollMs);
    job = await tenant.readJob(id);
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  if (job.status !== 'completed' || job.parts !== sections)
    throw new Error(`the job is ${job.status} after ${job.parts} parts`);
  await tenant.settle();
  return sections / seconds;
}

/** Parts a second of as many calls with the same texts, as many at once. */
async function callTwin(stack: BenchStack, apiKey: string, texts: readonly string[]): Promise<number> {
  const client = createKeepAliveClient({ url: stack.twinUrl, connections: partsAtOnce });
  const limit = pLimit(partsAtOnce);
  const body = (text: string) => ({
    model: 'bench',
    max_tokens: 8_000,
    messages: [{ role: 'user', content: text }],
  });
  try {
    const startedAt = performance.now();
    await Promise.all(
      texts.map((text) =>
        limit(async () => {
          const { status } = await client.send('POST', '/v1/messages', body(text), { 'x-api-key': apiKey });
          if (status !== 200) throw new Error(`the twin has answered ${status}`);
        }),
      ),
    );
    return texts.length / ((performance.now() - startedAt) / 1_000);
  } finally {
    client.close();
  }
}

async function setAnthropicKey(stack: BenchStack, tenant: BenchTenant, key: string): Promise<void> {
  const api = createApiClient(stack.apiUrl);
  const set = await api({
    method: 'PATCH',
    path: '/tenants/me/llm-config',
    key: tenant.keys.user,
    body: { api_key: key },
  });
  expectSuccess(set, z.unknown(), 'set the Anthropic key');
}

/** Sections with a heading each, of other words in each round: a document that is there already is not read again. */
function sectionsOf(round: string): string[] {
  return Array.from({ length: sections }, (_, section) => {
    const sentence = `Section ${section} of round ${round} says how the service behaves when step ${section} fails. `;
    return `# Section ${section} of ${round}\n\n${sentence.repeat(Math.floor(sectionCharacters / sentence.length))}`;
  });
}
