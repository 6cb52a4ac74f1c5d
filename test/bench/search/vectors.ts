import { createRandom, type Random } from './random.ts';

export const dimensions = 384;

/**
 * Deviation of each dimension. Embeddings do not fill their space evenly: a few dozen directions carry most of what
 * differs between texts. Along which axes they lie makes no difference to a cosine.
 */
const spread = Float64Array.from({ length: dimensions }, (_, index) => 1 / Math.sqrt(1 + index / 8));
const spreadLength = Math.hypot(...spread);

/** What all texts have in common: two texts of unlike topics have a cosine of about 0.3, not of 0. */
const common = scattered(createRandom(2));

/** How far an article lies from its topic's centre, and its chunks and the searches for them from the article. */
const articleNoise = 0.7;
const chunkNoise = 0.6;
const queryNoise = 0.9;

export type Vector = Float64Array;

/** The centre of a topic. */
export function topicCentre(topic: number): Vector {
  return combine([common, 0.65], [scattered(createRandom(3, topic)), 1]);
}

/** A place near a centre, for an article of that topic. */
export const nearTopic = (centre: Vector, random: Random): Vector =>
  combine([centre, 1], [scattered(random), articleNoise]);

/** The unit vector of a chunk of an article. */
export const chunkVector = (article: Vector, random: Random): Vector =>
  unit(combine([article, 1], [scattered(random), chunkNoise]));

/** The unit vector of a search for a chunk. */
export const queryVector = (chunk: Vector, random: Random): Vector =>
  unit(combine([unit(chunk), 1], [scattered(random), queryNoise]));

/** The vector as the database reads it. Six digits are what single precision holds. */
export const vectorText = (vector: Vector): string =>
  `[${Array.from(vector, (value) => value.toPrecision(6)).join(',')}]`;

/** A random vector of a length of about 1, spread as texts are. */
function scattered(random: Random): Vector {
  return spread.map((deviation) => (random.gaussian() * deviation) / spreadLength);
}

function combine([a, weightOfA]: [Vector, number], [b, weightOfB]: [Vector, number]): Vector {
  return a.map((value, index) => value * weightOfA + (b[index] ?? 0) * weightOfB);
}

function unit(vector: Vector): Vector {
  let squares = 0;
  for (const value of vector) squares += value * value;
  const length = Math.sqrt(squares);
  return vector.map((value) => value / length);
}
