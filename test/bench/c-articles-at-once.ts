import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import pLimit from 'p-limit';
import type { BenchStack } from './bench-stack.ts';
import { createBenchTenant } from './bench-tenant.ts';
import { type Figure, figure } from './figure.ts';
import { createKeepAliveClient } from './keep-alive-client.ts';
import { sampleArticle } from './sample-articles.ts';
import { median } from './statistics.ts';

const articles = 300;
const connections = 20;
const rounds = 3;
const pollMs = 10;

/** (c) Many articles at once, from the first request to the last article embedded, against as many bare workflows. */
export async function benchArticlesAtOnce(stack: BenchStack, log: (line: string) => void): Promise<Figure[]> {
  const embedded: number[] = [];
  const settled: number[] = [];
  const floor: number[] = [];
  // A round of warm-up first, of both.
  for (let round = 0; round <= rounds; round += 1) {
    log(`(c) ${articles} articles at once: ${round === 0 ? 'warm-up' : `round ${round} of ${rounds}`} …`);
    const measured = await writeAtOnce(stack, round);
    const bareMs = await runBareAtOnce(stack);
    if (round === 0) continue;
    embedded.push(measured.embeddedMs);
    settled.push(measured.settledMs);
    floor.push(bareMs);
  }
  const rate = (times: readonly number[]) => articles / (median(times) / 1_000);
  const compare = (name: string, times: readonly number[]) =>
    figure({ bench: 'c', name, unit: '/s', measured: rate(times), floor: rate(floor) });
  return [
    { ...compare(`${articles} articles at once, to the last one embedded`, embedded), bar: { atLeast: 1.5 } },
    compare(`${articles} articles at once, to the last workflow’s end`, settled),
  ];
}

/** Writes the articles, and waits until all are embedded and their workflows have ended. */
export async function writeAtOnce(
  stack: BenchStack,
  serial: number | string,
  key: boolean | string = true,
): Promise<{ readonly embeddedMs: number; readonly settledMs: number }> {
  const tenant = await createBenchTenant(stack, key);
  const api = createKeepAliveClient({ url: `${stack.apiUrl}/api/v1`, key: tenant.keys.agent, connections });
  const limit = pLimit(connections);
  try {
    const startedAt = performance.now();
    await Promise.all(
      Array.from({ length: articles }, (_, i) =>
        limit(async () => {
          const { status, text } = await api.send('POST', '/articles', sampleArticle(`burst-${serial}-${i}`));
          if (status !== 201) throw new Error(`a write was answered ${status}: ${text}`);
        }),
      ),
    );
    while ((await tenant.countPending()) > 0) await delay(pollMs);
    const embeddedMs = performance.now() - startedAt;
    await tenant.settle();
    return { embeddedMs, settledMs: performance.now() - startedAt };
  } finally {
    api.close();
    await tenant.close();
  }
}

/** As many starts under way as there are writes in the measured half: more at once only makes the server slower. */
async function runBareAtOnce(stack: BenchStack): Promise<number> {
  const limit = pLimit(connections);
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: articles }, async () => {
      const handle = await limit(() =>
        stack.temporal.workflow.start('BareWorkflow', {
          taskQueue: stack.bareTaskQueue,
          workflowId: `bare/${randomUUID()}`,
          args: [],
        }),
      );
      await handle.result();
    }),
  );
  return performance.now() - startedAt;
}
