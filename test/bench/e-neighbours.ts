import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { BenchStack } from './bench-stack.ts';
import { type BenchTenant, createBenchTenant } from './bench-tenant.ts';
import { type Figure, figure } from './figure.ts';
import { createKeepAliveClient, type KeepAliveClient } from './keep-alive-client.ts';
import { type Attack, attacks } from './neighbours/attacks.ts';
import { createAttacker } from './neighbours/start-attack.ts';
import { sampleArticle } from './sample-articles.ts';
import { percentile } from './statistics.ts';

const samples = 40;
const warmUps = 10;
/** What a poll may add to a measurement. */
const pollMs = 5;
/** From the beginning of an attack until it is in full swing, and from its end until it is over. */
const settleMs = 5_000;
const longestWriteMs = 120_000;

const kinds = ['GET', 'POST', 'search', 'write to searchable'] as const;
type Kind = (typeof kinds)[number];

interface Times {
  readonly ms: Record<Kind, number[]>;
  /** Answers of 500 and above. */
  failures: number;
}

const articleReply = z.object({ data: z.object({ id: z.string(), revision: z.number() }) });

/** (e) What a tenant notices of its neighbour's worst: its own times during the attack, against those of before and after. */
export async function benchNeighbours(
  stack: BenchStack,
  log: (line: string) => void,
  cases: readonly string[],
): Promise<Figure[]> {
  const figures: Figure[] = [];
  const neighbour = await createBenchTenant(stack, true);
  const api = createKeepAliveClient({
    url: `${stack.apiUrl}/api/v1`,
    key: neighbour.keys.agent,
    connections: 1,
  });
  try {
    const id = await writeOnce(neighbour, api, 'read');
    await measure({ neighbour, api, id }, 'warm-up', warmUps, emptyTimes());
    for (const attack of attacks) {
      if (cases.length > 0 && !cases.includes(attack.case)) continue;
      figures.push(...(await benchAttack(stack, { neighbour, api, id }, attack, log)));
    }
  } finally {
    api.close();
    await neighbour.close();
  }
  return figures;
}

interface Neighbour {
  readonly neighbour: BenchTenant;
  readonly api: KeepAliveClient;
  /** An article to read. */
  readonly id: string;
}

async function benchAttack(
  stack: BenchStack,
  of: Neighbour,
  attack: Attack,
  log: (line: string) => void,
): Promise<Figure[]> {
  log(`(e) case ${attack.case}: ${attack.name} …`);
  const attacker = await createAttacker(stack, attack);
  const alone = emptyTimes();
  const attacked = emptyTimes();
  await measure(of, `alone-before-${attack.case}`, samples / 2, alone);
  await attacker.begin();
  await delay(settleMs);
  await measure(of, `attacked-${attack.case}`, samples, attacked);
  await attacker.end();
  await delay(settleMs);
  await measure(of, `alone-after-${attack.case}`, samples / 2, alone);
  return [
    ...kinds.map((kind) =>
      figure({
        ...{ bench: 'e', name: `case ${attack.case}, ${kind}: p95`, unit: 'ms' },
        measured: percentile(attacked.ms[kind], 0.95),
        floor: percentile(alone.ms[kind], 0.95),
        bar: { atMost: 1.5 },
      }),
    ),
    figure({
      ...{ bench: 'e', name: `case ${attack.case}, answers of 500 and above`, unit: '×' },
      ...{ measured: attacked.failures + alone.failures, floor: 1, bar: { atMost: 0 } },
    }),
  ];
}

const emptyTimes = (): Times => ({
  ms: { GET: [], POST: [], search: [], 'write to searchable': [] },
  failures: 0,
});

/** One request of each kind after the other, as a client of a calm tenant sends them. */
async function measure(of: Neighbour, name: string, rounds: number, times: Times): Promise<void> {
  const { neighbour, api, id } = of;
  for (let round = 0; round < rounds; round += 1) {
    const timed = async (kind: Kind, send: () => ReturnType<KeepAliveClient['send']>) => {
      const { status, ms, text } = await send();
      times.ms[kind].push(ms);
      if (status >= 500) times.failures += 1;
      else if (status >= 300) throw new Error(`the neighbour’s ${kind} was answered ${status}: ${text}`);
    };
    await timed('GET', () => api.send('GET', `/articles/${id}`));
    await timed('POST', () => api.send('POST', '/articles', sampleArticle(`${name}-${round}`)));
    const q = `the review of incident ${name} ${round}`;
    await timed('search', () => api.send('GET', `/knowledge/search?${new URLSearchParams({ q })}`));
    const startedAt = performance.now();
    await writeOnce(neighbour, api, `${name}-searchable-${round}`);
    times.ms['write to searchable'].push(performance.now() - startedAt);
  }
}

/** Writes an article and waits until a search by meaning finds it; its id. */
async function writeOnce(neighbour: BenchTenant, api: KeepAliveClient, serial: string): Promise<string> {
  const until = performance.now() + longestWriteMs;
  for (;;) {
    const { status, text } = await api.send('POST', '/articles', sampleArticle(serial));
    if (status === 201) {
      const { data } = articleReply.parse(JSON.parse(text));
      while (!(await neighbour.isEmbedded(data.id, data.revision))) {
        if (performance.now() > until) throw new Error('an article was not embedded in time');
        await delay(pollMs);
      }
      return data.id;
    }
    if (performance.now() > until) throw new Error(`an article was answered ${status}: ${text}`);
  }
}
