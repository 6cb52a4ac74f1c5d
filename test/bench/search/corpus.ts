import { createHash } from 'node:crypto';
import { type Category, categories } from '../../../src/articles/article.ts';
import { articleText, contentHash } from '../../../src/domain/article-text.ts';
import { createRandom, createZipf } from './random.ts';
import { chunkVector, nearTopic, topicCentre, type Vector } from './vectors.ts';
import { paragraph, title } from './words.ts';

/** A tenant of the corpus, and how many of its articles it has at each size. */
export interface CorpusTenant {
  readonly index: number;
  readonly articles: number;
  /** The number of chunks of each article. */
  readonly chunksEach: ChunksEach;
}

/** Articles of a page, or short ones. */
export type ChunksEach = 3 | 1;

export interface CorpusChunk {
  readonly hash: string;
  readonly text: string;
  readonly vector: Vector;
}

/** An article as the database is to hold it. */
export interface CorpusArticle {
  readonly id: string;
  readonly topic: number;
  readonly title: string;
  readonly body: string;
  readonly contentHash: string;
  readonly category: Category;
  readonly tags: readonly string[];
  readonly status: 'published' | 'archived';
  /** Edited, and not embedded anew: its manifest is of an older text, so that its vectors must not be found. */
  readonly stale: boolean;
  readonly chunks: readonly CorpusChunk[];
  /** Of an older text: kept, and in no manifest. */
  readonly leftOver: CorpusChunk | undefined;
}

export const tenants = 1_000;
/** The first tenant is the large one: three tenths of everything. */
const largeShare = 0.3;
/** Of the others the largest has some 3 % of everything, the median one 0.04 %. */
const zipfExponent = 0.7;
export const chunksPerArticle = 3;
const wordsPerChunk = { least: 50, most: 100 };

const sharedTopics = 300;
const articlesPerTopic = 12;
const tagNames = Array.from({ length: 40 }, (_, index) => `tag-${index + 1}`);
const pickCategory = createZipf(categories.length, 0.7);
const pickTag = createZipf(tagNames.length, 0.8);

/** How a corpus of so many chunks is divided among its tenants: the proportions are those of every size. */
export function divide(chunks: number): CorpusTenant[] {
  const articles = chunks / chunksPerArticle;
  const weights = Array.from({ length: tenants - 1 }, (_, index) => (index + 1) ** -zipfExponent);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const others = weights.map((weight) => (articles * (1 - largeShare) * weight) / total);
  let owed = 0;
  return [articles * largeShare, ...others].map((share, index) => {
    // What rounding takes from one tenant goes to a later one.
    owed += share;
    const whole = Math.max(1, Math.round(owed));
    owed -= whole;
    return { index, articles: whole, chunksEach: chunksPerArticle };
  });
}

/** The same tenants, of which the large one has so many articles, all short, where a number is given. */
export function withLargeTenant(
  tenants: readonly CorpusTenant[],
  articles: number | undefined,
): readonly CorpusTenant[] {
  if (articles === undefined) return tenants;
  return tenants.map((tenant) => (tenant.index === 0 ? { index: 0, articles, chunksEach: 1 } : tenant));
}

/** The article at this place of the tenant's; always the same one, however large the corpus is. */
export function articleAt(
  { index: tenant, chunksEach }: Pick<CorpusTenant, 'index' | 'chunksEach'>,
  place: number,
): CorpusArticle {
  const random = createRandom(5, tenant, place);
  const topic = topicOf(tenant, place);
  const heading = title(topic, random);
  const least = wordsPerChunk.least * chunksEach;
  const words = least + random.below(wordsPerChunk.most * chunksEach - least + 1);
  const paragraphs = Array.from({ length: chunksEach }, () =>
    paragraph(topic, Math.round(words / chunksEach), random),
  );
  const body = paragraphs.join('\n\n');
  const centre = nearTopic(topicCentre(topic), random);
  const chunkOf = (text: string) => ({ hash: contentHash(text), text, vector: chunkVector(centre, random) });
  const chunks = paragraphs.map((text, index) => chunkOf(index === 0 ? `${heading}\n\n${text}` : text));
  const chance = random.next();
  return {
    id: idOf('article', tenant, place),
    topic,
    title: heading,
    body,
    contentHash: contentHash(articleText({ title: heading, body })),
    category: categories[pickCategory(random)] ?? 'finding',
    tags: [...new Set(Array.from({ length: random.below(5) }, () => tagNames[pickTag(random)] ?? ''))],
    status: chance < 0.03 ? 'archived' : 'published',
    stale: chance >= 0.03 && chance < 0.05,
    chunks,
    leftOver: random.next() < 0.03 ? chunkOf(paragraph(topic, 60, random)) : undefined,
  };
}

/**
 * One topic for a dozen articles: a tenth of a tenant's topics are ones that other tenants write about, too, the rest its
 * own. The topics of a tenant grow with its articles, as a company's do.
 */
function topicOf(tenant: number, place: number): number {
  const random = createRandom(6, tenant, place);
  const own = random.below(Math.ceil((place + 1) / articlesPerTopic) + 2);
  const chosen = createRandom(7, tenant, own);
  return chosen.next() < 0.1 ? chosen.below(sharedTopics) : sharedTopics + tenant * 1_000 + own;
}

/** An id that is the same in every run. */
export function idOf(kind: string, ...place: readonly number[]): string {
  const hex = createHash('sha256')
    .update(`${kind} ${place.join(' ')}`)
    .digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
