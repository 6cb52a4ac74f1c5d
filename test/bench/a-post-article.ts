import { twinKey } from '../support/provider-twin.ts';
import type { BenchStack } from './bench-stack.ts';
import { createBenchTenant } from './bench-tenant.ts';
import { type Bar, type Figure, figure } from './figure.ts';
import { createKeepAliveClient, type KeepAliveClient } from './keep-alive-client.ts';
import { type SampleArticle, sampleArticle, strangeArticle } from './sample-articles.ts';
import { percentile } from './statistics.ts';

interface Situation {
  readonly name: string;
  readonly withKey: boolean;
  readonly status: SampleArticle['status'];
  readonly samples: number;
  /** Requests one after the other to one side, before the other's turn. */
  readonly block: number;
  /** Whether what the writes have set off is waited for before the floor's turn. */
  readonly settles: boolean;
  /** Whether the writes go through the proposal gate; the floor then makes a provider call, too. */
  readonly gated?: true;
  readonly bar?: Bar;
}

const warmUps = 60;

/**
 * What the client feels when it writes: one request after the other, and how the background of the writes (signals,
 * workflows, provider calls, all on the same machine) shows in it.
 */
const situations: readonly Situation[] = [
  {
    name: 'back to back, floor at rest',
    withKey: true,
    status: 'published',
    samples: 300,
    block: 50,
    settles: true,
  },
  {
    name: 'alternating with the floor',
    withKey: true,
    status: 'published',
    samples: 300,
    block: 1,
    settles: false,
    bar: { atMost: 1.5 },
  },
  {
    name: 'each after the last is embedded',
    withKey: true,
    status: 'published',
    samples: 100,
    block: 1,
    settles: true,
  },
  {
    name: 'tenant without a key',
    withKey: false,
    status: 'published',
    samples: 200,
    block: 50,
    settles: true,
  },
  {
    name: 'drafts, no background',
    withKey: true,
    status: 'draft',
    samples: 200,
    block: 50,
    settles: true,
  },
  {
    name: 'through the gate, against insert and provider call',
    withKey: true,
    status: 'published',
    samples: 200,
    block: 1,
    settles: false,
    gated: true,
  },
];

/** (a) POST /articles against bare Express with one insert of the same row; through the gate, and one bare provider call. */
export async function benchPostArticle(stack: BenchStack, log: (line: string) => void): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const situation of situations) {
    log(`(a) POST /articles: ${situation.name} …`);
    const { measured, floor } = await measure(stack, situation);
    const name = `POST /articles, ${situation.name}`;
    const { bar } = situation;
    for (const share of [0.5, 0.99]) {
      figures.push(
        figure({
          bench: 'a',
          name: `${name}: p${share * 100}`,
          unit: 'ms',
          measured: percentile(measured, share),
          floor: percentile(floor, share),
          ...(share === 0.5 && bar ? { bar } : {}),
        }),
      );
    }
  }
  return figures;
}

async function measure(stack: BenchStack, situation: Situation) {
  const tenant = await createBenchTenant(stack, situation.withKey);
  const api = createKeepAliveClient({
    url: `${stack.apiUrl}/api/v1`,
    key: tenant.keys.agent,
    connections: 1,
  });
  const bare = createKeepAliveClient({ url: stack.bareApiUrl, connections: 1 });
  const provider = createKeepAliveClient({
    url: stack.environment.EMBEDDING_BASE_URL ?? '',
    key: twinKey(),
    connections: 1,
  });
  const { status, gated } = situation;
  const article = (serial: string) => (gated ? strangeArticle(serial) : sampleArticle(serial, status));
  const callProvider = async ({ title, body }: SampleArticle) => {
    const answer = await provider.send('POST', '/embeddings', { model: 'm', input: [`${title}\n\n${body}`] });
    if (answer.status !== 200) throw new Error(`the provider answered ${answer.status}`);
    return answer.ms;
  };
  const measured: number[] = [];
  const floor: number[] = [];
  try {
    await post(api, warmUps, 'warm-up', article);
    await post(bare, warmUps, 'warm-up', article);
    await tenant.settle();
    for (let done = 0; done < situation.samples; done += situation.block) {
      const count = Math.min(situation.block, situation.samples - done);
      measured.push(...(await post(api, count, `${done}`, article)));
      if (situation.settles) await tenant.settle();
      floor.push(...(await post(bare, count, `${done}`, article, gated ? callProvider : undefined)));
    }
    await tenant.settle();
  } finally {
    api.close();
    bare.close();
    provider.close();
    await tenant.close();
  }
  return { measured, floor };
}

async function post(
  client: KeepAliveClient,
  count: number,
  serial: string,
  articleOf: (serial: string) => SampleArticle,
  before: (article: SampleArticle) => Promise<number> = async () => 0,
): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < count; i += 1) {
    const article = articleOf(`${serial}-${i}`);
    const beforeMs = await before(article);
    const answer = await client.send('POST', '/articles', article);
    if (answer.status !== 201) throw new Error(`a write was answered ${answer.status}: ${answer.text}`);
    times.push(beforeMs + answer.ms);
  }
  return times;
}
