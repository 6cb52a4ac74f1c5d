import { performance } from 'node:perf_hooks';
import pg from 'pg';
import { articleText } from '../../src/domain/article-text.ts';
import { cutText } from '../../src/domain/chunks.ts';
import type { BenchStack } from './bench-stack.ts';
import { type Figure, figure } from './figure.ts';
import { type Shape, searchWorst, textOf } from './long-texts/shapes.ts';
import { hangulLines } from './neighbours/texts.ts';
import { createRandom } from './search/random.ts';

const characters = 500_000;
/** Of the texts of the search, which are many. */
const searchedCharacters = 25_000;
const shapesKept = 50;
/** The shortest of some times of one text: other work on the machine makes single ones longer. */
const repetitions = 3;
const prose: Shape = [
  'The lease ends before the holder knows it, and the next one begins its work. ',
  'Who renews it in time keeps it.\n\n',
];

type Cost = (text: string) => Promise<number>;

/** (f) Chunking and analysing a long text: the worst shapes that a search finds, against prose of that length. */
export async function benchLongTexts(stack: BenchStack, log: (line: string) => void): Promise<Figure[]> {
  log('(f) the worst of texts …');
  const client = new pg.Client({ connectionString: stack.databaseOwnerUrl });
  await client.connect();
  try {
    await client.query('create temp table texts (text text)');
    const analysis: Cost = (text) => analyse(client, text);
    const shapes = [...(await worstFor(chunking, 400, log)), ...(await worstFor(analysis, 250, log))].map(
      (shape) => textOf(shape, characters),
    );
    const texts = [...shapes, hangulLines(characters / 28, 7)];
    const plain = textOf(prose, characters);

    let worst = { chunking: 0, analysis: 0, both: 0 };
    const floor = { chunking: Number.POSITIVE_INFINITY, analysis: Number.POSITIVE_INFINITY };
    for (const text of texts) {
      // Beside each text, so that both meet the same machine.
      const own = { chunking: await shortest(chunking, plain), analysis: await shortest(analysis, plain) };
      const its = { chunking: await shortest(chunking, text), analysis: await shortest(analysis, text) };
      const ratios = {
        chunking: its.chunking / own.chunking,
        analysis: its.analysis / own.analysis,
        both: (its.chunking + its.analysis) / (own.chunking + own.analysis),
      };
      if (ratios.both > 2.5) log(`    ${JSON.stringify(text.slice(0, 40))}: ${ratios.both.toFixed(2)}`);
      worst = {
        chunking: Math.max(worst.chunking, ratios.chunking),
        analysis: Math.max(worst.analysis, ratios.analysis),
        both: Math.max(worst.both, ratios.both),
      };
      floor.chunking = Math.min(floor.chunking, own.chunking);
      floor.analysis = Math.min(floor.analysis, own.analysis);
    }
    const line = (name: string, ratio: number, ms: number, bar?: { readonly atMost: number }) =>
      figure({
        ...{
          bench: 'f',
          name: `${name}: the worst of ${texts.length} shapes, 500,000 characters`,
          unit: 'ms',
        },
        ...{ measured: ratio * ms, floor: ms },
        ...(bar === undefined ? {} : { bar }),
      });
    return [
      line('chunking and analysing', worst.both, floor.chunking + floor.analysis, { atMost: 3 }),
      line('chunking', worst.chunking, floor.chunking),
      line('analysing', worst.analysis, floor.analysis),
    ];
  } finally {
    await client.end();
  }
}

async function worstFor(cost: Cost, rounds: number, log: (line: string) => void): Promise<Shape[]> {
  const random = createRandom(11);
  const shapes = await searchWorst({
    cost: (shape) => shortest(cost, textOf(shape, searchedCharacters)),
    ...{ random: random.next, rounds, keep: shapesKept / 2 },
  });
  log(
    `    the worst of ${rounds}: ${shapes
      .slice(0, 3)
      .map((shape) => JSON.stringify(shape.join('').slice(0, 20)))
      .join(' ')}`,
  );
  return shapes;
}

async function shortest(cost: Cost, text: string): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < repetitions; i += 1) best = Math.min(best, await cost(text));
  return best;
}

async function chunking(body: string): Promise<number> {
  const startedAt = performance.now();
  cutText(articleText({ title: 'A title', body }));
  return performance.now() - startedAt;
}

/** By Postgres' own clock: what the words of an article cost when it is written. */
async function analyse(client: pg.Client, text: string): Promise<number> {
  await client.query('truncate texts');
  await client.query('insert into texts values ($1)', [text]);
  const { rows } = await client.query<{ 'QUERY PLAN': [{ 'Execution Time': number }] }>(
    `explain (analyze, timing off, format json) select article_search('t', text) from texts`,
  );
  return rows[0]?.['QUERY PLAN'][0]['Execution Time'] ?? Number.POSITIVE_INFINITY;
}
