import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type BenchStack, startBenchStack, type Variables } from '../bench-stack.ts';
import { type BenchTenant, createBenchTenant } from '../bench-tenant.ts';
import { createKeepAliveClient, type KeepAliveClient } from '../keep-alive-client.ts';
import { openCountedLink } from '../round-trips.ts';
import { sampleArticle } from '../sample-articles.ts';
import { sumCpu, sumHeap, type Taken } from './cpu-profile.ts';
import { connectInspector, type Inspector } from './inspector.ts';

/** Something that is done some times while both processes are watched. */
interface Act {
  readonly name: string;
  readonly times: number;
  run(turn: number): Promise<unknown>;
}

interface Tenants {
  readonly small: BenchTenant;
  readonly large: BenchTenant;
}

const ports = { api: 9_331, worker: 9_332 } as const;
const articlesOf = { small: 20, large: 600 } as const;
const shownParts = 8;
const folder = join(import.meta.dirname, '..', '..', '..', '.stack', 'bench', 'profile');

/** Profiles searches, a write, a walk and a burst: processor by part, memory that stays, and round trips to Postgres; prints tables. */
export async function runProfile(env: Variables, log: (line: string) => void): Promise<void> {
  const links: Awaited<ReturnType<typeof openCountedLink>>[] = [];
  const stack = await startBenchStack(env, log, {
    inspectorPorts: ports,
    async databaseUrlOf(_process, url) {
      const link = await openCountedLink(url);
      links.push(link);
      return link.url;
    },
  });
  const inspectors: Inspector[] = [];
  const clients: KeepAliveClient[] = [];
  try {
    await mkdir(folder, { recursive: true });
    const tenants = await fill(stack, log);
    for (const port of Object.values(ports)) inspectors.push(await connectInspector(port));
    const acts = actsOf(tenants, (tenant) => {
      const client = createKeepAliveClient({
        url: `${stack.apiUrl}/api/v1`,
        key: tenant.keys.agent,
        connections: 20,
      });
      clients.push(client);
      return client;
    });
    for (const act of acts) {
      for (let turn = 0; turn < Math.min(10, act.times); turn += 1) await act.run(-1 - turn);
      await watch(act, inspectors, () => links.reduce((sum, link) => sum + link.roundTrips(), 0));
    }
    await Promise.all([tenants.small.close(), tenants.large.close()]);
    console.log(`\nprofiles for the developer tools of a browser: ${folder}`);
  } finally {
    for (const each of [...inspectors, ...clients]) each.close();
    await stack.stop();
    for (const link of links) await link.close();
  }
}

async function fill(stack: BenchStack, log: (line: string) => void): Promise<Tenants> {
  log(`writing ${articlesOf.small} and ${articlesOf.large} articles …`);
  const make = async (count: number) => {
    const tenant = await createBenchTenant(stack, true);
    const api = createKeepAliveClient({
      url: `${stack.apiUrl}/api/v1`,
      key: tenant.keys.agent,
      connections: 8,
    });
    for (let i = 0; i < count; i += 8)
      await Promise.all(
        Array.from({ length: Math.min(8, count - i) }, (_, at) =>
          api.send('POST', '/articles', sampleArticle(`${i + at}`)),
        ),
      );
    await tenant.settle();
    api.close();
    return tenant;
  };
  return { small: await make(articlesOf.small), large: await make(articlesOf.large) };
}

function actsOf({ small, large }: Tenants, open: (tenant: BenchTenant) => KeepAliveClient): Act[] {
  const searches = (['small', 'large'] as const).flatMap((size) => {
    const api = open(size === 'small' ? small : large);
    return (['keyword', 'semantic', 'hybrid'] as const).map((mode) => ({
      name: `search, ${mode}, ${size} tenant`,
      times: 100,
      run: (turn: number) => api.send('GET', `/knowledge/search?q=article%20${turn % 7}&mode=${mode}`),
    }));
  });
  const api = open(small);
  const write = (name: string) => api.send('POST', '/articles', sampleArticle(name));
  const untilEmbedded = async () => {
    while ((await small.countPending()) > 0) await delay(10);
  };
  return [
    ...searches,
    {
      name: 'write of a draft',
      times: 100,
      run: (turn) => api.send('POST', '/articles', { ...sampleArticle(`draft-${turn}`), status: 'draft' }),
    },
    {
      name: 'write and walk, one after the other',
      times: 30,
      run: async (turn) => {
        await write(`walk-${turn}`);
        await untilEmbedded();
      },
    },
    {
      name: '300 at once, to the last one embedded',
      times: 1,
      run: async (turn) => {
        await Promise.all(Array.from({ length: 300 }, (_, i) => write(`burst-${turn}-${i}`)));
        await untilEmbedded();
      },
    },
  ];
}

async function watch(
  { name, times, run }: Act,
  inspectors: readonly Inspector[],
  roundTrips: () => number,
): Promise<void> {
  for (const inspector of inspectors) {
    await inspector.ask('Profiler.enable');
    await inspector.ask('HeapProfiler.startSampling');
    await inspector.ask('Profiler.start');
  }
  const [trips, startedAt] = [roundTrips(), performance.now()];
  for (let turn = 0; turn < times; turn += 1) await run(turn);
  const each = (amount: number) => amount / times;
  const [ms, sent] = [each(performance.now() - startedAt), each(roundTrips() - trips)];
  console.log(`\n${name}: ${ms.toFixed(1)} ms, ${sent.toFixed(1)} round trips to Postgres`);
  for (const [index, inspector] of inspectors.entries()) {
    const { profile } = profiled(await inspector.ask('Profiler.stop'));
    const { profile: heap } = profiled(await inspector.ask('HeapProfiler.stopSampling'));
    const process = Object.keys(ports)[index] ?? '';
    await writeFile(
      join(folder, `${name.replace(/[^a-z0-9]+/g, '-')}-${process}.cpuprofile`),
      JSON.stringify(profile),
    );
    console.log(`  ${process}: processor, ms each: ${describe(sumCpu(profile), each)}`);
    console.log(`  ${process}: memory that stayed, KB each: ${describe(sumHeap(heap), each)}`);
  }
}

function profiled(result: unknown): { readonly profile: unknown } {
  if (typeof result === 'object' && result !== null && 'profile' in result)
    return { profile: result.profile };
  throw new Error('the inspector has sent no profile');
}

const describe = (taken: readonly Taken[], each: (amount: number) => number): string => {
  const all = taken.reduce((sum, { amount }) => sum + amount, 0);
  const parts = taken.slice(0, shownParts).map(({ part, amount }) => `${part} ${each(amount).toFixed(2)}`);
  return `${each(all).toFixed(2)} in all; ${parts.join(', ')}`;
};
