import { setTimeout as delay } from 'node:timers/promises';
import type { BenchStack } from './bench-stack.ts';
import { createBenchTenant } from './bench-tenant.ts';
import { type Figure, figure } from './figure.ts';
import { createKeepAliveClient } from './keep-alive-client.ts';
import { sampleArticle } from './sample-articles.ts';
import { median } from './statistics.ts';

/** What a process may have in memory, in MB. */
const mostMb = { api: 150, worker: 250 } as const;
type Process = keyof typeof mostMb;

/** 10,000 articles and as many searches in 15 minutes. */
const eachMs = 90;
const sampleEveryMs = 5_000;
const connections = 8;

/** What a process had in memory at some moments, in MB. */
interface Memory {
  readonly resident: number[];
  readonly heap: number[];
}

/** Writes and searches at a steady pace for some minutes, and looks at the memory of the API and the worker meanwhile. */
export async function benchSoak(
  stack: BenchStack,
  log: (line: string) => void,
  minutes: number,
): Promise<Figure[]> {
  const tenant = await createBenchTenant(stack, true);
  const api = createKeepAliveClient({ url: `${stack.apiUrl}/api/v1`, key: tenant.keys.agent, connections });
  const memories: Record<Process, Memory> = {
    api: { resident: [], heap: [] },
    worker: { resident: [], heap: [] },
  };
  const endsAtMs = performance.now() + minutes * 60_000;
  const counts = { articles: 0, searches: 0, refused: 0 };
  const expectStatus = async (asked: ReturnType<typeof api.send>, status: number) => {
    const answer = await asked;
    if (answer.status === 429 || answer.status === 503) counts.refused += 1;
    else if (answer.status !== status)
      throw new Error(`answered ${answer.status}: ${answer.text.slice(0, 300)}`);
  };
  const work = async () => {
    const sent: Promise<void>[] = [];
    for (let turn = 0; performance.now() < endsAtMs; turn += 1) {
      const mode = (['keyword', 'semantic', 'hybrid'] as const)[turn % 3];
      sent.push(expectStatus(api.send('POST', '/articles', sampleArticle(`soak-${turn}`)), 201));
      sent.push(
        expectStatus(
          api.send('GET', `/knowledge/search?q=soak ${turn}&mode=${mode}`.replace(' ', '%20')),
          200,
        ),
      );
      counts.articles += 1;
      counts.searches += 1;
      // Those that are slow take from the pace, so that nothing piles up.
      if (sent.length >= 2 * connections) await Promise.all(sent.splice(0));
      await delay(eachMs);
    }
    await Promise.all(sent);
  };
  const watch = async () => {
    while (performance.now() < endsAtMs) {
      for (const name of ['api', 'worker'] as const) {
        const { residentMb, heapMb } = await readMemory(
          name === 'api' ? `${stack.apiUrl}/metrics` : stack.workerMetricsUrl,
        );
        memories[name].resident.push(residentMb);
        memories[name].heap.push(heapMb);
      }
      await delay(sampleEveryMs);
    }
  };
  log(`(soak) ${minutes} min …`);
  try {
    await Promise.all([work(), watch()]);
  } finally {
    api.close();
    await tenant.close();
  }
  log(`(soak) ${counts.articles} articles, ${counts.searches} searches, ${counts.refused} of both refused`);
  return (['api', 'worker'] as const).flatMap((name) => figuresOf(name, memories[name]));
}

function figuresOf(name: Process, { resident, heap }: Memory): Figure[] {
  const third = Math.max(1, Math.floor(resident.length / 3));
  const flat = (of: string, values: readonly number[]) =>
    figure({
      ...{ bench: 'soak', unit: 'MB', name: `${name}: ${of}, last third against the first` },
      measured: median(values.slice(-third)),
      floor: median(values.slice(0, third)),
      bar: { atMost: 1.1 },
    });
  return [
    figure({
      ...{ bench: 'soak', unit: 'MB', name: `${name}: resident at the end, against what it may have` },
      measured: median(resident.slice(-third)),
      floor: mostMb[name],
      bar: { atMost: 1 },
    }),
    flat('resident', resident),
    flat('heap in use', heap),
  ];
}

async function readMemory(
  metricsUrl: string,
): Promise<{ readonly residentMb: number; readonly heapMb: number }> {
  const text = await (await fetch(metricsUrl)).text();
  const mb = (name: string) => {
    const value = new RegExp(`^lorekeep_${name} ([0-9.e+]+)$`, 'm').exec(text)?.[1];
    if (value === undefined) throw new Error(`${metricsUrl} has no ${name}`);
    return Number(value) / 1024 ** 2;
  };
  return { residentMb: mb('process_resident_memory_bytes'), heapMb: mb('nodejs_heap_size_used_bytes') };
}
