import { z } from 'zod';
import { categories } from '../articles/article.ts';
import type { DataKey } from '../platform/vault/data-keys.ts';
import type { Passage } from './extraction.ts';
import { type ProposedArticle, proposedArticle } from './proposed-article.ts';

/** The form of an article as the provider gets it. Only keywords that structured outputs of all models support. */
const articleForm = {
  type: 'object',
  properties: {
    title: { type: 'string', description: 'One line that says what the article is about' },
    body: { type: 'string', description: 'Markdown' },
    category: { type: 'string', enum: [...categories] },
    tags: { type: 'array', items: { type: 'string' } },
  },
  required: ['title', 'body', 'category', 'tags'],
  additionalProperties: false,
};

/**
 * The form of an answer. The articles are parsed one by one later, so that one of another shape costs none of the others: some
 * models get the form as words only.
 */
export const answerSchema = z
  .object({ articles: z.array(z.unknown().meta(articleForm)) })
  .meta({ additionalProperties: false });

type Answer = z.output<typeof answerSchema>;

/** An article of an answer, by its number there: valid, or what becomes of it. */
export type Proposal =
  | { readonly kind: 'valid'; readonly number: number; readonly article: ProposedArticle }
  /** `duplicate`: an earlier one of the answer has the same text. `left_out`: it is more than was asked for. */
  | { readonly kind: 'invalid' | 'duplicate' | 'left_out'; readonly number: number };

/** Judges the articles of an answer, of which at most `limit` were asked for. Total over any values. */
export function proposalsOf({ articles }: Answer, limit: number): Proposal[] {
  const texts = new Set<string>();
  return articles.map((given, number): Proposal => {
    if (number >= limit) return { kind: 'left_out', number };
    const article = proposedArticle(given);
    if (article === undefined) return { kind: 'invalid', number };
    const text = article.body.normalize('NFKC').toLowerCase().replace(/\s+/gu, ' ');
    if (texts.has(text)) return { kind: 'duplicate', number };
    texts.add(text);
    return { kind: 'valid', number, article };
  });
}

/** Counts the articles of an answer that can be made. */
export const countValid = (answer: Answer, limit: number): number =>
  proposalsOf(answer, limit).filter(({ kind }) => kind === 'valid').length;

const storedSchema = z.object({ limit: z.int(), articles: z.array(z.unknown()) });

/** The label under which an answer is sealed: moved to another passage it does not open. */
const labelOf = ({ subject, part, half }: Passage) => `answer/${subject.kind}/${subject.id}/${part}/${half}`;

/** Articles beyond those that were asked for are kept to count them, but not by the thousand. */
const maxLeftOut = 100;

/** Seals an answer as it came, with the number of articles that were asked for. */
export function sealAnswer(key: DataKey, passage: Passage, answer: Answer, limit: number): Buffer {
  const articles = answer.articles.slice(0, limit + maxLeftOut);
  return key.seal(labelOf(passage), Buffer.from(JSON.stringify({ limit, articles }), 'utf8'));
}

/** Opens a sealed answer. Throws where it does not open: it lies in the database as this service has sealed it. */
export function openAnswer(key: DataKey, passage: Passage, sealed: Uint8Array): Proposal[] {
  const opened = key.open(labelOf(passage), sealed);
  if (opened === undefined) throw new Error('a stored answer does not open');
  const { limit, ...answer } = storedSchema.parse(JSON.parse(opened.toString('utf8')));
  return proposalsOf(answer, limit);
}
