import { z } from 'zod';
import { type Category, categories } from '../articles/article.ts';
import { quoteLexeme } from '../domain/words/parse-query.ts';
import type { Transaction } from '../platform/postgres/database.ts';
import type { Marks } from './keyword/keyword.ts';
import { matchEnd, matchStart, wordBreak } from './snippet.ts';

export interface HitArticle {
  readonly id: string;
  readonly title: string;
  readonly category: Category;
  readonly tags: readonly string[];
}

/** Those of these articles that are still published, by id. */
export async function listHitArticles(
  tx: Transaction,
  tenantId: string,
  ids: readonly string[],
): Promise<Map<string, HitArticle>> {
  const rows: unknown = await tx('articles')
    .where({ tenant_id: tenantId, status: 'published' })
    .whereIn('id', [...ids])
    .select('id', 'title', 'category', 'tags');
  const hit = z.object({
    id: z.string(),
    title: z.string(),
    category: z.enum(categories),
    tags: z.array(z.string()),
  });
  return new Map(
    z
      .array(hit)
      .parse(rows)
      .map((row) => [row.id, row]),
  );
}

const headlineOptions = `StartSel="${matchStart}", StopSel="${matchEnd}", MaxFragments=2, MinWords=12, MaxWords=30, FragmentDelimiter=" … "`;

/**
 * Passages around the marked words, by article id; matches are between the sentinels of snippet.ts. Only the first 16,000
 * characters of a body are searched, because Postgres parses the text again for each headline; where the words come later, the
 * passage is the beginning of the text. The passage is in the spelling of the index (é in one character, ﬁ in two), and keeps
 * its punctuation.
 *
 * The headline is made from one window of 1,100 of these characters: the first that matches and has the most of the words. The
 * time for a headline grows by the square of the matches in the text, and was a thousand times longer for 16,000 characters of
 * one word than for prose. Windows overlap by 100, so that no word is cut in all of them.
 */
export async function listHeadlines(
  tx: Transaction,
  tenantId: string,
  ids: readonly string[],
  marks: Marks,
): Promise<Map<string, string>> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select a.id, translate(ts_headline('pg_catalog.english', passage.text, cast(:query as tsquery), :options),
                            :wordBreak, '') as passage
       from articles a
      cross join lateral (select translate(left(a.body, 16000), :sentinels, '') as head offset 0) beginning
      cross join lateral (
        select cut.text
          from generate_series(0, greatest(0, (length(head) - 101) / 1000)) as i,
               lateral (select substr(head, 1 + 1000 * i, 1100) as raw offset 0) piece,
               -- A word that is cut at either end would be another word.
               lateral (select search_text(regexp_replace(case when i = 0 then raw else regexp_replace(raw, '^\\S*\\s', '') end,
                          case when length(raw) = 1100 then '\\s\\S*$' else '$' end, ''), :parting) as text offset 0) cut,
               lateral (select to_tsvector('pg_catalog.english', cut.text) as words offset 0) parsed,
               lateral (select count(*) as words from unnest(cast(:words as text[])) as word
                         where parsed.words @@ cast(word as tsquery)) found
         order by parsed.words @@ cast(:query as tsquery) desc, found.words desc, i
         limit 1
      ) passage
      where a.tenant_id = :tenantId and a.id = any(cast(:ids as uuid[]))`,
    {
      tenantId,
      ids: [...ids],
      query: marks.lexemes.map(markedQuery).join(' | '),
      words: marks.lexemes.map(markedQuery),
      sentinels: matchStart + matchEnd + wordBreak,
      parting: `${wordBreak}\\&${wordBreak}`,
      wordBreak,
      options: headlineOptions,
    },
  );
  return passagesById(rows);
}

/** A marked lexeme as the text of a tsquery. */
const markedQuery = (lexeme: string) =>
  lexeme.endsWith('*') ? `${quoteLexeme(lexeme.slice(0, -1))}:*` : quoteLexeme(lexeme);

/** The texts of the given chunks, by article id. */
export async function listPassages(
  tx: Transaction,
  tenantId: string,
  spaceId: string,
  chunks: readonly { readonly articleId: string; readonly chunkHash: string }[],
): Promise<Map<string, string>> {
  const rows: unknown = await tx('chunk_vectors')
    .where({ tenant_id: tenantId, space_id: spaceId })
    .whereIn(
      ['article_id', 'chunk_hash'],
      chunks.map(({ articleId, chunkHash }) => [articleId, chunkHash]),
    )
    .select('article_id as id', 'text as passage');
  return passagesById(rows);
}

function passagesById(rows: unknown): Map<string, string> {
  const passages = z.array(z.object({ id: z.string(), passage: z.string() })).parse(rows);
  return new Map(passages.map(({ id, passage }) => [id, passage]));
}
