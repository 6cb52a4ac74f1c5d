import { type Category, categories } from '../../../src/articles/article.ts';
import { articleAt, type CorpusTenant } from './corpus.ts';
import { createRandom, type Random } from './random.ts';
import { queryVector, vectorText } from './vectors.ts';
import { isSearched } from './words.ts';

/** A search that somebody who half remembers an article of the tenant's could make. */
export interface PlannedQuery {
  readonly tenant: number;
  /** One to three words of the article; in one of ten a letter is missing. */
  readonly q: string;
  /** What the provider answers for the words: a place near one of the article's chunks. */
  readonly vector: string;
  /** For searches with a filter: any category, common or rare. */
  readonly category: Category;
}

/** Plans so many searches, the tenants one after the other. */
export type QueryPlanner = (tenants: readonly CorpusTenant[], count: number) => PlannedQuery[];

/** Plans that are the same in every run, and in which no words are asked for twice: each vector is bought once. */
export function createQueryPlanner(): QueryPlanner {
  const random = createRandom(8);
  const planned = new Set<string>();
  return (tenants, count) => {
    const queries: PlannedQuery[] = [];
    while (queries.length < count) {
      const tenant = tenants[queries.length % tenants.length];
      if (tenant === undefined) throw new Error('there are no tenants');
      const query = planQuery(tenant, random);
      if (planned.has(query.q)) continue;
      planned.add(query.q);
      queries.push(query);
    }
    return queries;
  };
}

function planQuery(tenant: CorpusTenant, random: Random): PlannedQuery {
  const article = articleAt(tenant, random.below(tenant.articles));
  const chunk = article.chunks[random.below(article.chunks.length)];
  if (chunk === undefined) throw new Error('the article has no chunks');
  return {
    tenant: tenant.index,
    q: someWords(article.title, article.body, random),
    vector: vectorText(queryVector(chunk.vector, random)),
    category: categories[random.below(categories.length)] ?? 'finding',
  };
}

function someWords(title: string, body: string, random: Random): string {
  const from = (text: string) => {
    const words = (text.toLowerCase().match(/\p{L}{5,}/gu) ?? []).filter(isSearched);
    return words[random.below(words.length)] ?? 'nothing';
  };
  const words = [from(title)];
  const chance = random.next();
  if (chance > 0.25) words.push(from(body));
  if (chance > 0.75) words.push(from(body));
  const text = words.join(' ');
  return random.next() < 0.1 ? `${text.slice(0, 2)}${text.slice(3)}` : text;
}
