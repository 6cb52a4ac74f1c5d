import { z } from 'zod';
import { type Category, categories } from '../articles/article.ts';
import { articleTextsSchema } from '../articles/schemas.ts';
import { hasVisible } from '../domain/visible-text.ts';
import { neutralMarkdown } from './neutral-markdown.ts';

/** What a model decides of an article. Status, author, tenant, source and metadata are never its choice. */
export interface ProposedArticle {
  readonly title: string;
  readonly body: string;
  readonly category: Category;
  readonly tags: readonly string[];
}

const maxTitle = 500;
const maxTag = 100;
const maxTagsRead = 1_000;
/** Few, so that a tag is shared by articles instead of describing one. */
export const maxTags = 10;

/** Longer texts than any model writes are not looked at. */
const shape = z.object({
  title: z.string().max(100_000),
  body: z.string().max(1_000_000),
  category: z.unknown().optional(),
  tags: z.array(z.unknown()).catch([]).optional(),
});

/**
 * Makes a valid article of what a model wrote as one; undefined where there is no title or no body. What can be put right is:
 * a title is cut, an unknown category becomes `finding`, tags beyond the tenth are left out. Total over any value.
 */
export function proposedArticle(given: unknown): ProposedArticle | undefined {
  const parsed = shape.safeParse(given);
  if (!parsed.success) return undefined;
  const { title, body, category, tags = [] } = parsed.data;
  const texts = articleTextsSchema.safeParse({
    title: cut(oneLine(title), maxTitle),
    body: neutralMarkdown(plain(body)).trim(),
    tags: tags
      .slice(0, maxTagsRead)
      .flatMap((tag) => (typeof tag === 'string' ? oneLine(tag) : []))
      .filter((tag) => hasVisible(tag) && tag.length <= maxTag)
      .slice(0, maxTags),
  });
  if (!texts.success || !hasVisible(texts.data.body)) return undefined;
  return { ...texts.data, category: categoryOf(category) };
}

const named = z.string().trim().toLowerCase().pipe(z.enum(categories));
const categoryOf = (given: unknown): Category => named.catch('finding').parse(given);

/**
 * What does not belong in a text: control characters, halves of surrogate pairs, and characters that no reader sees and a model
 * reads, by which a text can speak to the next agent: tags, and overrides of the direction.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to remove
const unwanted = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\ud800-\udfff\u{e0000}-\u{e007f}]/gu;

const plain = (text: string) => text.replace(/\r\n?/g, '\n').replace(unwanted, '');

const oneLine = (text: string) => plain(text).replace(/\s+/gu, ' ').trim();

/** Cuts after `max` characters, of which the last one says so. */
function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  const characters = [...text];
  return characters.length <= max
    ? text
    : `${characters
        .slice(0, max - 1)
        .join('')
        .trimEnd()}…`;
}
