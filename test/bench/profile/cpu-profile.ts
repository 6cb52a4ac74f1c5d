import { z } from 'zod';

const cpuProfile = z.object({
  nodes: z.array(
    z.object({ id: z.number(), callFrame: z.object({ functionName: z.string(), url: z.string() }) }),
  ),
  samples: z.array(z.number()),
  timeDeltas: z.array(z.number()),
});

const heapNode = z.object({
  callFrame: z.object({ url: z.string() }),
  selfSize: z.number(),
  get children() {
    return z.array(heapNode);
  },
});
const heapProfile = z.object({ head: heapNode });

/** A part of the program, and how much of something it has taken. */
export interface Taken {
  readonly part: string;
  readonly amount: number;
}

/** The milliseconds of the processor by file of ours and by package, the most first. Waiting is left out. */
export function sumCpu(profile: unknown): Taken[] {
  const { nodes, samples, timeDeltas } = cpuProfile.parse(profile);
  const parts = new Map(
    nodes.map(({ id, callFrame }) => [id, partOf(callFrame.url, callFrame.functionName)]),
  );
  const sums = new Map<string, number>();
  samples.forEach((id, index) => {
    const part = parts.get(id) ?? 'unknown';
    if (part !== '(idle)') sums.set(part, (sums.get(part) ?? 0) + (timeDeltas[index] ?? 0) / 1_000);
  });
  return ordered(sums);
}

/** The kilobytes that were allocated and are still held, by the same parts. */
export function sumHeap(profile: unknown): Taken[] {
  const sums = new Map<string, number>();
  const add = ({ callFrame, selfSize, children }: z.output<typeof heapNode>) => {
    const part = partOf(callFrame.url, '(others)');
    sums.set(part, (sums.get(part) ?? 0) + selfSize / 1_024);
    for (const child of children) add(child);
  };
  add(heapProfile.parse(profile).head);
  return ordered(sums);
}

const ordered = (sums: ReadonlyMap<string, number>): Taken[] =>
  [...sums].map(([part, amount]) => ({ part, amount })).toSorted((left, right) => right.amount - left.amount);

/** A file of ours from its folder on, a package, a module of Node.js, or what the engine does. */
function partOf(url: string, functionName: string): string {
  const inPackage = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1];
  if (inPackage !== undefined) return inPackage;
  if (url.startsWith('node:')) return url;
  const ours = /\/((?:src|workflows|activities)\/.*)$/.exec(url)?.[1];
  return ours ?? (url === '' ? functionName : url);
}
