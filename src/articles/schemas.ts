import { z } from 'zod';
import { embeddingStatuses } from '../domain/embedding-status.ts';
import { failureCodes } from '../domain/failures.ts';
import { tagKey } from '../domain/tag-key.ts';
import { hasVisible } from '../domain/visible-text.ts';
import { languages } from '../domain/words/language.ts';
import { cursor } from '../platform/http/cursor.ts';
import { guidanceShape, optionalGuidanceShape } from '../platform/http/guidance.ts';
import { boundedArray, jsonObject, limit, list, text, uuid, visibleText } from '../platform/http/schemas.ts';
import { gateVerdicts } from '../proposals/decision.ts';
import { articleStatuses, categories } from './article.ts';
import { classificationStatuses } from './classification/classification.ts';

const title = visibleText({ max: 500 }).describe('One line that says what the article is about');
const body = text({ min: 0, max: 500_000 }).describe('Markdown or plain text; may be empty');
const category = z.enum(categories);
const language = z
  .enum(languages)
  .nullable()
  .describe(
    'The language of the text, as an ISO 639-1 code: its words are found by their stems in it. Null: detected',
  );
const metadata = jsonObject({ maxBytes: 65_536 }).describe('Your own fields, kept as they are');

const tag = z
  .string()
  .trim()
  .pipe(visibleText({ max: 100 }));
const maxTags = 50;

/** Spaces around a tag are removed, and so is a tag that differs from an earlier one only in case or Unicode form. */
const tags = boundedArray(tag, { max: maxTags }).transform(uniqueTags);

function uniqueTags(given: readonly string[]): string[] {
  const byKey = new Map<string, string>();
  for (const each of given) if (!byKey.has(tagKey(each))) byKey.set(tagKey(each), each);
  return [...byKey.values()];
}

/** Tags as an article may have them, out of any texts: those that are no tag are left out, and so are those beyond the limit. */
export function fittingTags(given: readonly string[]): string[] {
  const fitting = given.flatMap((text) => {
    const { data } = tag.safeParse(text);
    return data === undefined ? [] : [data];
  });
  return uniqueTags(fitting).slice(0, maxTags);
}

/** The texts of an article, for writers that are not routes. */
export const articleTextsSchema = z.object({ title, body, tags });

/** The path of one article. */
export const articleIdSchema = z.object({ id: uuid });

/** The body of POST. */
export const newArticleSchema = z
  .strictObject({
    title,
    body,
    category: category
      .nullable()
      .describe("Null: the tenant's model chooses it after the write, and until then it is `finding`"),
    tags: tags.default([]),
    status: z.enum(['draft', 'published']).default('published'),
    language: language.default(null),
    source_type: text({ max: 100 }).nullable().default(null).describe('Where the text comes from'),
    metadata: metadata.default({}),
    idempotency_key: z.string().optional().describe('The same as the Idempotency-Key header'),
    force: z
      .boolean()
      .default(false)
      .describe('Writes the article without a comparison with existing articles'),
  })
  .meta({
    id: 'NewArticle',
    examples: [
      {
        title: 'Retries need a budget',
        body: 'Three layers that retry three times each turn one request into 27.',
        category: 'pattern',
        tags: ['retries', 'overload'],
      },
    ],
  });

/** The title and the text of an article that a model has written. They obey the rules of those that people write. */
export const writtenArticleSchema = z.object({
  title: z.string().trim().pipe(title),
  body: body.refine(hasVisible, 'must not be blank'),
  category,
});

/** The body of POST `/articles/merge`. */
export const mergeSchema = z
  .strictObject({
    ids: boundedArray(uuid, { max: 2 })
      .transform(([first, second], context): readonly [string, string] => {
        if (first !== undefined && second !== undefined && first !== second) return [first, second];
        context.addIssue({ code: 'custom', message: 'must be the ids of two different articles' });
        return z.NEVER;
      })
      .describe('The two articles to merge'),
  })
  .meta({
    id: 'Merge',
    examples: [{ ids: ['018f0000-0000-7000-8000-000000000001', '018f0000-0000-7000-8000-000000000002'] }],
  });

/** The body of PATCH. */
export const articleChangesSchema = z
  .strictObject({ title, body, category, tags, language, metadata })
  .partial()
  .meta({ id: 'ArticleChanges', examples: [{ tags: ['retries', 'backoff'] }] });

/** A time to the microsecond. Only years that a timestamp of Postgres and the age of an article can have. */
export const microseconds = z.iso.datetime({ precision: 6 }).regex(/^(19|20)/);

/** Tags by which articles are filtered, in lists and searches alike. */
export const tagsFilter = list(
  z
    .string()
    .trim()
    .pipe(visibleText({ max: 100 })),
  { max: 50 },
)
  .optional()
  .describe(
    'Comma-separated or repeated; an article must have all of them, unless `tags_match` says otherwise. Compared without case',
  );

/** Used beside `tagsFilter`, where any of the tags may be enough. */
export const tagsMatch = z
  .enum(['all', 'any'])
  .default('all')
  .describe('Whether an article must have all of the `tags`, or any');

const time = z.iso.datetime();

const embeddingView = z
  .object({
    status: z.enum(embeddingStatuses),
    reason: z.enum(failureCodes).nullable().describe('Why it is blocked, failed or waiting'),
    ...guidanceShape,
    model: z.string().nullable(),
    dimensions: z.int().nullable(),
    chunks: z.int().nullable().describe('Chunks with a vector'),
    rejected_chunks: z
      .array(z.object({ heading: z.string(), code: z.enum(failureCodes) }))
      .describe(
        'Passages that the provider refuses, at most 20, by the headings they stand under. The rest is searchable',
      ),
    content_hash: z.string().nullable(),
    embedded_at: time.nullable(),
    next_attempt_at: time.nullable(),
    workflow_id: z.string().describe('The workflow in Temporal'),
  })
  .meta({ id: 'ArticleEmbedding' });

const classificationView = z
  .object({
    status: z.enum(classificationStatuses),
    reason: z.enum(failureCodes).nullable().describe('Why it is blocked, failed or waiting'),
    ...guidanceShape,
    confidence: z
      .number()
      .nullable()
      .describe('How sure the model is, from 0 to 1. Below 0.5 the category stays `finding`'),
    classified_at: time.nullable(),
  })
  .meta({ id: 'ArticleClassification' });

const articleView = z
  .object({
    id: z.uuid(),
    title: z.string(),
    body: z.string(),
    category,
    tags: z.array(z.string()),
    status: z.enum(articleStatuses),
    source_type: z.string().nullable(),
    language: z
      .string()
      .nullable()
      .describe('The language by whose words it is found: the one that was set, or the detected one'),
    metadata: z.record(z.string(), z.unknown()),
    revision: z.int().describe('Raised by every change; also the ETag'),
    created_at: time,
    updated_at: time,
    classification: classificationView
      .nullable()
      .describe('The choice of the category by the model; null where a person chose it'),
    embedding: embeddingView,
  })
  .meta({ id: 'Article' });

/** A field of an article that a client can ask for. */
export type ArticleField = keyof z.output<typeof articleView>;
const articleFields = articleView.keyof().options;

/** The query of a list. */
export const articleListSchema = z.strictObject({
  category: category.optional(),
  tags: tagsFilter,
  tags_match: tagsMatch,
  status: z.enum(articleStatuses).optional(),
  embedding_status: z.enum(embeddingStatuses).optional(),
  limit: limit({ default: 20 }),
  fields: list(z.enum(articleFields), { max: articleFields.length })
    .optional()
    .describe('The fields of each article to answer, beside `id`. Without `body` a page never ends early'),
  cursor: cursor(z.object({ at: microseconds, id: uuid }))
    .optional()
    .describe('`meta.next_cursor` of the previous page'),
});

/** One article in a reply. */
export const articleReply = z.object({ data: articleView });

const linkView = z
  .object({
    kind: z
      .enum(['merged_from', 'merged_into'])
      .describe('merged_from: this article was drafted from the other'),
    id: z.uuid(),
    title: z.string(),
  })
  .meta({ id: 'ArticleLink' });

/** One article in a reply, with its links to others. */
export const linkedArticleReply = z.object({
  data: articleView
    .extend({ links: z.array(linkView).describe('The articles that it was merged from or into, at most 50') })
    .meta({ id: 'LinkedArticle' }),
});

const similarity = z.number().describe('How much of the proposal the article says: 1 is all of it');

const gateView = z
  .object({
    verdict: z
      .enum(gateVerdicts)
      .describe(
        'duplicate: nothing was created, because an article says the same words; low_novelty: created as a draft; novel, unknown (see reason), skipped: created as asked',
      ),
    similarity: similarity
      .nullable()
      .describe('Similarity of the nearest article; null when there is none or nothing was compared'),
    nearest: z
      .array(z.object({ id: z.uuid(), title: z.string(), similarity }))
      .max(5)
      .describe('The most similar articles, best first'),
    differs: z
      .array(z.object({ proposal: z.string(), existing: z.string() }))
      .max(10)
      .optional()
      .describe(
        'Of low_novelty: passages of the proposal, each with the one of an existing article that it differs from, such as by a number, a name, a unit or a "not". At most 200 characters each',
      ),
    reason: z.enum(failureCodes).nullable().describe('Why the gate could not decide'),
    ...optionalGuidanceShape,
    retry_at: time.optional().describe('When the gate could decide, if that is known'),
  })
  .meta({ id: 'GateReport' });

/** A new article, and the report of the gate. */
export const createdArticleReply = z.object({ data: articleView, meta: z.object({ gate: gateView }) });
/** The existing article that says the same, and the report of the gate. */
export const duplicateArticleReply = z.object({
  data: articleView,
  meta: z.object({ deduplicated: z.literal(true), gate: gateView }),
});
/** A page of articles. */
export const articleListReply = z.object({
  data: z
    .array(z.union([articleView, articleView.partial().required({ id: true }).meta({ id: 'ArticleFields' })]))
    .describe('Whole articles, or those `fields` of them that were asked for'),
  meta: z.object({ next_cursor: z.string().nullable() }),
});
