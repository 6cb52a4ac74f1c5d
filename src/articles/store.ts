import { z } from 'zod';
import type { EmbeddingStatus } from '../domain/embedding-status.ts';
import type { Transaction } from '../platform/postgres/database.ts';
import type { GateVerdict } from '../proposals/decision.ts';
import { type Article, type ArticleStatus, articleStatuses, type Category, categories } from './article.ts';
import { withEmbeddingStatus } from './embedding-read-model.ts';

/** A position in the list, newest first. The time keeps its microseconds, which a Date would lose. */
export interface ListPosition {
  readonly at: string;
  readonly id: string;
}

/** Selects a page of articles. */
export interface ArticleFilter {
  readonly category?: Category | undefined;
  readonly tags?: readonly string[] | undefined;
  /** Whether an article must have all of the tags (the default) or any of them. */
  readonly tagsMatch?: 'all' | 'any' | undefined;
  readonly status?: ArticleStatus | undefined;
  readonly embeddingStatus?: EmbeddingStatus | undefined;
  /** Only articles after this position. */
  readonly after?: ListPosition | undefined;
  readonly limit: number;
  /** Whether the bodies stay in the database; an article then has an empty one. */
  readonly withoutBodies?: boolean | undefined;
}

const columns = [
  'id',
  'title',
  'body',
  'category',
  'tags',
  'status',
  'source_type',
  'language',
  'detected_language',
  'metadata',
  'revision',
  'content_hash',
  'created_at',
  'updated_at',
] as const;

const rowSchema = z.object({
  id: z.string(),
  title: z.string(),
  body: z.string(),
  category: z.enum(categories),
  tags: z.array(z.string()),
  status: z.enum(articleStatuses),
  source_type: z.string().nullable(),
  language: z.string().nullable(),
  detected_language: z.string().nullable(),
  metadata: z.record(z.string(), z.unknown()),
  revision: z.number(),
  content_hash: z.string(),
  created_at: z.date(),
  updated_at: z.date(),
});

const articleSchema = rowSchema.transform(toArticle);
const listedSchema = rowSchema
  .extend({ position: z.string(), matches: z.number() })
  .transform(({ position, matches, ...row }) => ({
    article: toArticle(row),
    position: { at: position, id: row.id },
    matches,
  }));

function toArticle(row: z.output<typeof rowSchema>): Article {
  return {
    id: row.id,
    title: row.title,
    body: row.body,
    category: row.category,
    tags: row.tags,
    status: row.status,
    sourceType: row.source_type,
    language: row.language ?? row.detected_language,
    chosenLanguage: row.language,
    metadata: row.metadata,
    revision: row.revision,
    contentHash: row.content_hash,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

const first = (rows: unknown): Article | undefined => z.array(articleSchema).parse(rows)[0];

const insertSql = `
  insert into articles (tenant_id, id, title, body, category, tags, status, source_type, language, detected_language,
                        metadata, content_hash, gate_verdict)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
  returning ${columns.join(', ')}`;

/** Inserts an article at revision 1. */
export async function insertArticle(
  tx: Transaction,
  tenantId: string,
  article: Omit<Article, 'revision' | 'createdAt' | 'updatedAt'> & {
    readonly gateVerdict: Exclude<GateVerdict, 'duplicate'>;
  },
): Promise<Article> {
  const rows = await tx.prepared(insertSql, [
    ...[tenantId, article.id, article.title, article.body, article.category, article.tags, article.status],
    ...[article.sourceType, article.chosenLanguage, article.language, JSON.stringify(article.metadata)],
    ...[article.contentHash, article.gateVerdict],
  ]);
  return articleSchema.parse(rows[0]);
}

const findSql = `select ${columns.join(', ')} from articles where tenant_id = $1 and id = $2`;

/** Finds one article of the tenant; undefined when there is none with this id. */
export async function findArticle(
  tx: Transaction,
  tenantId: string,
  id: string,
): Promise<Article | undefined> {
  return first(await tx.prepared(findSql, [tenantId, id]));
}

/** Reads an article that exists; throws when it does not. */
export async function readArticle(tx: Transaction, tenantId: string, id: string): Promise<Article> {
  const article = await findArticle(tx, tenantId, id);
  if (article === undefined) throw new Error(`article ${id} is gone`);
  return article;
}

/**
 * Finds one article and locks it against other changes until the transaction ends, so that changes come one after the
 * other. NO KEY UPDATE, because rows that refer to the article may still be inserted meanwhile.
 */
export async function lockArticle(
  tx: Transaction,
  tenantId: string,
  id: string,
): Promise<Article | undefined> {
  return first(await tx.prepared(`${findSql} for no key update`, [tenantId, id]));
}

/** Writes the changed fields of a locked article and raises its revision. */
export async function updateArticle(
  tx: Transaction,
  tenantId: string,
  id: string,
  changes: Partial<
    Pick<Article, 'title' | 'body' | 'category' | 'tags' | 'status' | 'metadata' | 'contentHash'> &
      Pick<Article, 'language' | 'chosenLanguage'>
  >,
): Promise<Article> {
  const { tags, metadata, contentHash, language, chosenLanguage, ...same } = changes;
  const rows = await tx('articles')
    .where({ tenant_id: tenantId, id })
    .update({
      ...same,
      ...(tags === undefined ? {} : { tags: [...tags] }),
      ...(metadata === undefined ? {} : { metadata: JSON.stringify(metadata) }),
      ...(contentHash === undefined ? {} : { content_hash: contentHash }),
      ...(language === undefined ? {} : { detected_language: language }),
      ...(chosenLanguage === undefined ? {} : { language: chosenLanguage }),
      revision: tx.raw('revision + 1'),
      updated_at: tx.raw('clock_timestamp()'),
    })
    .returning(columns);
  return articleSchema.parse(rows[0]);
}

/** A page of articles, each with its position in the list. */
export interface ListedArticles {
  readonly page: readonly { readonly article: Article; readonly position: ListPosition }[];
  /** Whether more articles come after the page. */
  readonly more: boolean;
}

/** What an article takes, told from its row: Postgres knows the size of a long body without reading it. */
const bytesWithoutBody = `octet_length(title) + octet_length(metadata::text) + octet_length(array_to_string(tags, ''))`;

/**
 * Lists the tenant's articles, newest first: at most `limit`, and no more than take `maxBytes` together, but at least one. The sizes
 * are summed before any body is read.
 */
export async function listArticles(
  tx: Transaction,
  tenantId: string,
  filter: ArticleFilter,
  maxBytes: number,
): Promise<ListedArticles> {
  const matching = tx('articles')
    .where({ tenant_id: tenantId })
    .orderBy([
      { column: 'created_at', order: 'desc' },
      { column: 'id', order: 'desc' },
    ])
    .limit(filter.limit + 1)
    .select(
      'id',
      'created_at',
      tx.raw(`${bytesWithoutBody}${filter.withoutBodies ? '' : ' + octet_length(body)'} as bytes`),
    );
  if (filter.category !== undefined) matching.where({ category: filter.category });
  if (filter.status !== undefined) matching.where({ status: filter.status });
  if (filter.tags !== undefined && filter.tags.length > 0) {
    matching.whereRaw(`tag_keys ${filter.tagsMatch === 'any' ? '&&' : '@>'} fold_tags(?::text[])`, [
      [...filter.tags],
    ]);
  }
  if (filter.embeddingStatus !== undefined) {
    matching.whereExists(withEmbeddingStatus(tx, filter.embeddingStatus));
  }
  if (filter.after !== undefined) {
    matching.whereRaw('(created_at, id) < (?::timestamptz, ?::uuid)', [filter.after.at, filter.after.id]);
  }
  const rows: unknown = await tx('articles')
    .with('matching', matching)
    .with(
      'sized',
      tx.raw(
        `select id, row_number() over newest_first as number, sum(bytes) over newest_first as bytes_so_far,
                count(*) over () as matches
           from matching window newest_first as (order by created_at desc, id desc)`,
      ),
    )
    .join('sized', 'sized.id', 'articles.id')
    .where({ tenant_id: tenantId })
    .where('sized.number', '<=', filter.limit)
    .whereRaw('(sized.number = 1 or sized.bytes_so_far <= ?)', [maxBytes])
    .orderBy('sized.number')
    .select([
      ...columns
        .filter((column) => column !== 'body' || !filter.withoutBodies)
        .map((column) => `articles.${column}`),
      ...(filter.withoutBodies ? [tx.raw("'' as body")] : []),
      tx.raw('sized.matches::int as matches'),
      tx.raw(`to_char(articles.created_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as position`),
    ]);
  const page = z.array(listedSchema).parse(rows);
  return { page, more: (page[0]?.matches ?? 0) > page.length };
}

/** Writes the language that was detected anew. The text is the same, and so is the revision. */
export async function updateLanguage(
  tx: Transaction,
  tenantId: string,
  id: string,
  detected: string | null,
): Promise<void> {
  await tx('articles').where({ tenant_id: tenantId, id }).update({ detected_language: detected });
}
