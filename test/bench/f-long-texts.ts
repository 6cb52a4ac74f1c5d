import { performance } from 'node:perf_hooks';
import { articleText } from '../../src/domain/article-text.ts';
import { cutText } from '../../src/domain/chunks.ts';
import { analyzeText } from '../../src/domain/words/analyze-text.ts';
import { loadSamples } from '../../src/stack/samples/index.ts';
import type { BenchStack } from './bench-stack.ts';
import { type Figure, figure } from './figure.ts';
import { type Shape, searchWorst, textOf } from './long-texts/shapes.ts';
import { hangulLines } from './neighbours/texts.ts';
import { createRandom } from './search/random.ts';
import { median } from './statistics.ts';

const characters = 500_000;
/** Of the texts of the search, which are many. */
const searchedCharacters = 25_000;
const shapesKept = 50;
/** Each text and prose in turn, so that both meet the same machine. The median leaves out what else the machine did. */
const turns = 5;

type Cost = (text: string) => Promise<number>;

/** (f) Chunking and analysing a long text: the worst shapes that a search finds, against prose of that length. */
export async function benchLongTexts(_stack: BenchStack, log: (line: string) => void): Promise<Figure[]> {
  log('(f) the worst of texts …');
  const shapes = [...(await worstFor(chunk, 400, log)), ...(await worstFor(analyse, 250, log))];
  const texts = [...shapes.map((shape) => textOf(shape, characters)), hangulLines(characters / 28, 7)];
  const prose = textOf(
    (await loadSamples()).map(({ body }) => `${body}\n\n`),
    characters,
  );

  const worst: Record<Part, Compared> = { chunking: none, analysing: none, both: none };
  for (const text of texts) {
    const compared = await compare(text, prose, { chunking: chunk, analysing: analyse });
    for (const part of parts) {
      if (compared[part].ratio > worst[part].ratio) worst[part] = compared[part];
    }
    log(`    ${compared.both.ratio.toFixed(2)}  ${JSON.stringify(text.slice(0, 40))}`);
  }
  return parts.map((part) => {
    const { ratio, floorMs } = worst[part];
    return figure({
      ...{ bench: 'f', name: `${names[part]}: the worst of ${texts.length} texts of 500,000 characters` },
      ...{ unit: 'ms', measured: ratio * floorMs, floor: floorMs },
      ...(part === 'both' ? { bar: { atMost: 3 } } : {}),
    });
  });
}

/** The parts of a text's cost, the sum of both last. */
const parts = ['chunking', 'analysing', 'both'] as const;
type Part = (typeof parts)[number];
const names: Readonly<Record<Part, string>> = {
  chunking: 'chunking',
  analysing: 'analysing',
  both: 'chunking and analysing',
};

interface Compared {
  readonly ratio: number;
  readonly floorMs: number;
}

const none: Compared = { ratio: 0, floorMs: 0 };

async function compare(
  text: string,
  prose: string,
  { chunking, analysing }: Readonly<Record<'chunking' | 'analysing', Cost>>,
): Promise<Record<Part, Compared>> {
  const rounds: Record<Part, { readonly own: number; readonly floor: number }>[] = [];
  for (let turn = 0; turn < turns; turn += 1) {
    const chunked = { own: await chunking(text), floor: await chunking(prose) };
    const analysed = { own: await analysing(text), floor: await analysing(prose) };
    const both = { own: chunked.own + analysed.own, floor: chunked.floor + analysed.floor };
    rounds.push({ chunking: chunked, analysing: analysed, both });
  }
  const ofPart = (part: Part): Compared => ({
    ratio: median(rounds.map((round) => round[part].own / round[part].floor)),
    floorMs: median(rounds.map((round) => round[part].floor)),
  });
  return { chunking: ofPart('chunking'), analysing: ofPart('analysing'), both: ofPart('both') };
}

/** The worst shapes, none of the same characters as another: the search finds many that differ in a repetition only. */
async function worstFor(cost: Cost, rounds: number, log: (line: string) => void): Promise<Shape[]> {
  const random = createRandom(11);
  const shapes = await searchWorst({
    async cost(shape) {
      const text = textOf(shape, searchedCharacters);
      return Math.min(await cost(text), await cost(text), await cost(text));
    },
    ...{ random: random.next, rounds, keep: shapesKept / 2 },
  });
  log(`    searched ${rounds} changes`);
  return shapes;
}

async function chunk(body: string): Promise<number> {
  const startedAt = performance.now();
  cutText(articleText({ title: 'A title', body }));
  return performance.now() - startedAt;
}

/** What the words of an article cost when it is written. */
async function analyse(text: string): Promise<number> {
  const startedAt = performance.now();
  analyzeText({ title: 'A title', body: text, tags: [], category: 'finding', language: null });
  return performance.now() - startedAt;
}
