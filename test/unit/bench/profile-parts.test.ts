import { expect, it } from 'vitest';
import { sumCpu, sumHeap } from '../../bench/profile/cpu-profile.ts';

const frame = (url: string, functionName = 'f') => ({ functionName, url });

it('the processor’s time is summed by file of ours, by package and by module of Node.js, without what is idle', () => {
  const nodes = [
    { id: 1, callFrame: frame('', '(idle)') },
    { id: 2, callFrame: frame('file:///home/me/dist/src/search/page.js') },
    { id: 3, callFrame: frame('file:///home/me/node_modules/@scope/name/lib/a.js') },
    { id: 4, callFrame: frame('file:///home/me/node_modules/@scope/name/lib/b.js') },
    { id: 5, callFrame: frame('node:net') },
  ];
  expect(
    sumCpu({ nodes, samples: [1, 2, 3, 4, 5, 2], timeDeltas: [9_000, 1_000, 1_500, 1_500, 500, 1_000] }),
  ).toEqual([
    { part: '@scope/name', amount: 3 },
    { part: 'src/search/page.js', amount: 2 },
    { part: 'node:net', amount: 0.5 },
  ]);
});

it('the memory that stayed is summed over the whole tree of calls', () => {
  const leaf = (url: string, selfSize: number) => ({ callFrame: { url }, selfSize, children: [] });
  const head = {
    ...leaf('', 0),
    children: [{ ...leaf('file:///a/src/x.js', 1_024), children: [leaf('file:///a/src/x.js', 2_048)] }],
  };
  expect(sumHeap({ head })[0]).toEqual({ part: 'src/x.js', amount: 3 });
});
