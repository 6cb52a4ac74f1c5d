import { z } from 'zod';
import { jobStatuses } from '../domain/extract-content.ts';
import { failureCodes } from '../domain/failures.ts';
import { cursor } from '../platform/http/cursor.ts';
import { guidanceShape } from '../platform/http/guidance.ts';
import { boundedArray, jsonObject, limit, text, uuid, visibleText } from '../platform/http/schemas.ts';
import { documentNotes } from './documents/document.ts';
import { articleLimitNote, partStatuses, sourceKinds } from './jobs/job.ts';
import { defaultArticles, maxArticles, maxBatchItems, maxContentCharacters } from './limits.ts';

const articlesMessage = `must be a whole number from 1 to ${maxArticles}`;

/** The fields of a document. That there is exactly one of `url`, `content` and a file is checked by the handler. */
export const documentSchema = z
  .strictObject({
    url: text({ max: 2_000 })
      .refine((given) => URL.canParse(given), 'must be an address such as https://example.com/page')
      .optional()
      .describe('Where the document is; a public http or https address'),
    content: visibleText({ max: maxContentCharacters })
      .optional()
      .describe('The document itself: Markdown, HTML or plain text'),
    title: visibleText({ max: 500 }).optional().describe('The title of the document, instead of its own'),
    source_type: text({ max: 100 }).describe(
      'Where the document comes from, in your own words, such as `postmortem`; its articles have it as well',
    ),
    publish: z
      .boolean()
      .default(false)
      .describe(
        'Publishes the articles that say something new; otherwise they are drafts. Refused beside `url`: a person publishes what comes from an address',
      ),
    max_articles: z
      .number(articlesMessage)
      .int(articlesMessage)
      .min(1, articlesMessage)
      .max(maxArticles, articlesMessage)
      .default(defaultArticles)
      .describe('The most articles of this document; when it has as many, its last parts are not paid for'),
    metadata: jsonObject({ maxBytes: 65_536 })
      .default({})
      .describe('Your own fields, which the articles have as well'),
  })
  .meta({
    id: 'NewDocument',
    examples: [{ url: 'https://example.com/postmortem', source_type: 'postmortem' }],
  });

export type DocumentBody = z.output<typeof documentSchema>;

/** The body of a batch. Its items are parsed one by one, so that a wrong one costs none of the others. */
export const batchSchema = z
  .strictObject({
    items: boundedArray(z.unknown(), { max: maxBatchItems })
      .refine((items) => items.length > 0, 'must have at least one entry')
      .meta({
        description: 'Documents, each with the fields of `/knowledge/ingest`',
        minItems: 1,
        maxItems: maxBatchItems,
      }),
  })
  .meta({
    id: 'DocumentBatch',
    examples: [{ items: [{ content: '# Retries\n\nRetries need a budget.', source_type: 'note' }] }],
  });

/** The path of one job. */
export const jobIdSchema = z.object({ id: uuid });

/** A time to the microsecond. Only years that a timestamp of Postgres can have. */
const microseconds = z.iso.datetime({ precision: 6 }).regex(/^(19|20)/);

/** The query of a list. */
export const jobListSchema = z.strictObject({
  status: z.enum(jobStatuses).optional(),
  source_type: text({ max: 100 }).optional(),
  limit: limit({ default: 20 }),
  cursor: cursor(z.object({ at: microseconds, id: uuid }))
    .optional()
    .describe('`meta.next_cursor` of the previous page'),
});

const time = z.iso.datetime();
const code = z.enum(failureCodes).nullable();
const count = z.int().min(0);

const queuedView = z
  .object({
    id: z.uuid(),
    status: z
      .enum(jobStatuses)
      .describe(
        '`partial`: something came of the document, and some of it failed, see `code`; `cancelled`: by a request',
      ),
    content_hash: z.string().describe('SHA-256 of the bytes; of an address, one that stands for it'),
    workflow_id: z.string().describe('The workflow in Temporal'),
  })
  .meta({ id: 'QueuedDocument' });

/** The answer for a document that was queued. */
export const queuedReply = z.object({ data: queuedView });

const sameMeta = z.object({
  already_queued: z.boolean().describe('The same content is under way'),
  already_completed: z
    .boolean()
    .describe('The same content has been made articles of: nothing is bought twice'),
});

/** The answer for a document of which there is a job already. */
export const sameDocumentReply = z.object({ data: queuedView, meta: sameMeta });

/** The answers of a batch, in the order of its items. */
export const batchReply = z.object({
  data: z.array(
    z.object({
      status: z.int().describe('The status that the item would have had alone'),
      data: queuedView.nullable(),
      meta: sameMeta.nullable(),
      problem: z
        .object({
          code: z.string(),
          title: z.string(),
          detail: z.string(),
          ...guidanceShape,
          errors: z.array(z.object({ path: z.string(), message: z.string() })),
          retry_after: z
            .int()
            .nullable()
            .describe(
              'Seconds until the item may be sent again, as in `Retry-After`; null where time mends nothing',
            ),
        })
        .nullable()
        .describe('Why the item was not queued'),
    }),
  ),
});

const jobView = z
  .object({
    ...queuedView.shape,
    source: z.enum(sourceKinds),
    source_type: z.string(),
    publish: z.boolean(),
    max_articles: z.int(),
    metadata: z.record(z.string(), z.unknown()),
    code: code.describe('Why it failed, in whole or in part, or what it waits for'),
    ...guidanceShape,
    next_attempt_at: time.nullable().describe('Until when it waits'),
    notes: z
      .array(z.enum([...documentNotes, articleLimitNote]))
      .describe('What was put right or left out of the document'),
    retryable: z
      .boolean()
      .describe('Whether `retry` can ask for what failed: the document is kept, and another try may help'),
    progress: z.object({
      parts: count.describe('Parts of the document; 0 before it is read'),
      done: count,
      left_out: count.describe('Parts not asked about, since the job has its `max_articles` already'),
      failed: count,
      articles: count,
      input_tokens: count,
      output_tokens: count,
    }),
    created_at: time,
    started_at: time.nullable(),
    finished_at: time.nullable(),
    updated_at: time,
  })
  .meta({ id: 'IngestionJob' });

/** One job in a reply. */
export const jobReply = z.object({ data: jobView });

/** One job with its parts and its articles. */
export const jobDetailsReply = z.object({
  data: z
    .object({
      ...jobView.shape,
      parts: z
        .array(
          z.object({
            part: z.int().describe('Its number in the document, from 0'),
            half: z.int().describe('1 or 2 for a half of a part whose answer was cut off, else 0'),
            status: z
              .enum(partStatuses)
              .describe(
                '`extracted`: the answer is paid for and stored; `cut`: it was too long, and its halves are asked about; `done`: its articles are made',
              ),
            code,
            ...guidanceShape,
            articles: count,
            input_tokens: count,
            output_tokens: count,
          }),
        )
        .describe('The progress of each part'),
      article_ids: z.array(z.uuid()).describe('The articles that were made'),
      articles: z.object({
        created: count,
        duplicates: count.describe('Articles whose words stand in an existing one already'),
        failed: count.describe('Articles of the model that are not valid, or that could not be written'),
        left_out: count.describe('Articles beyond `max_articles`'),
      }),
    })
    .meta({ id: 'IngestionJobDetails' }),
});

/** A page of jobs. */
export const jobListReply = z.object({
  data: z.array(jobView),
  meta: z.object({ next_cursor: z.string().nullable() }),
});
