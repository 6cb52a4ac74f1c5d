import { expect, it } from 'vitest';
import { chunkArticle } from '../../../src/domain/chunks.ts';
import type { Failure } from '../../../src/domain/failures.ts';
import { buyWhatFits } from '../../../src/embedding/buy-what-fits.ts';

it('halves a batch that has no room until it has, and says of each part whether a smaller one may follow', async () => {
  const asked = await ask({ code: 'budget_exhausted' }, 1);
  expect(asked).toEqual([
    [8, true],
    [4, true],
    [2, true],
    [1, false],
  ]);
  expect(await ask({ code: 'budget_exhausted' }, 0)).toEqual(asked);
  expect(await ask({ code: 'budget_exhausted' }, 4)).toEqual(asked.slice(0, 2));
});

it.for([
  { code: 'budget_exhausted', retryAfterMs: 15_000 },
  { code: 'circuit_open', retryAfterMs: 1_000 },
  { code: 'provider_timeout' },
] as const)('makes no smaller call after $code with a wait of $retryAfterMs', async (failure) => {
  expect(await ask(failure, 1)).toEqual([[8, true]]);
});

const body = Array.from({ length: 8 }, (_, i) => `## Part ${i}\n\n${`Words of part ${i}. `.repeat(25)}`).join(
  '\n\n',
);

/** Asks for eight chunks where there is room for `room`; what larger ones are answered is given. Returns the calls. */
async function ask(failure: Failure, room: number) {
  const batch = chunkArticle({ title: 'A title', body }).slice(0, 8);
  const calls: [number, boolean][] = [];
  await buyWhatFits(batch, async (part, divisible) => {
    calls.push([part.length, divisible]);
    return part.length > room ? { kind: 'failed', ...failure } : { kind: 'superseded' };
  });
  return calls;
}
