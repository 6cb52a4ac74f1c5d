import { z } from 'zod';
import type { Place } from '../../domain/words/outline.ts';
import type { Transaction } from '../../platform/postgres/database.ts';
import type { Marker } from './marks.ts';
import type { Piece } from './places.ts';

/** Pairs as the table has them, one behind the other. */
const places = z.array(z.int()).transform((numbers) => {
  const pairs: Place[] = [];
  for (let i = 0; i < numbers.length; i += 2) pairs.push([numbers[i] ?? 0, numbers[i + 1] ?? 0]);
  return pairs;
});

const matchedWords = z.object({
  id: z.string(),
  language: z.string().nullable(),
  bodyFrom: z.int(),
  offsets: z.array(z.int()),
  headings: places,
  tables: places,
  found: z.array(z.tuple([z.string(), z.array(z.int())])),
  /** The whole body, where it is short and the article is published. */
  body: z.string().nullable(),
});
const matchedRows = z.array(matchedWords);

/** The words of an article's body that a query marks, with their positions, and what is known of the body's places. */
export type MatchedWords = z.output<typeof matchedWords>;

/** The fewest and the most positions of a lexeme that are read; their total has a bound. */
const [leastPositions, mostPositions] = [24, 255];
const totalPositions = 6_000;
/** The most lexemes with one of the prefixes that are read of an article. */
const maxLexemes = 500;
/** A body of at most so many bytes is read as a whole: that takes less than a second message that asks for its pieces. */
const shortBodyBytes = 16_384;

// Each body by its primary key, and its size without unpacking it.
const matchedWordsSql = `
  select w.article_id as id, w.language, w.body_from as "bodyFrom", w.offsets, w.headings, w.tables,
         coalesce(matched.words, '[]') as found, article.body
    from article_words w
   cross join lateral (
     select json_agg(json_build_array(word.lexeme, word.positions)) as words
       from (select lexeme, positions[1:$5::int] as positions
               from unnest(ts_filter(w.words, '{c,d}'))
              where lexeme = any($3::text[])
                 or exists (select from unnest($4::text[]) as prefix where starts_with(lexeme, prefix))
              limit ${maxLexemes}) word
   ) matched
    left join lateral (
      select case when octet_length(body) <= ${shortBodyBytes} then body end as body
        from articles
       where tenant_id = $1 and id = w.article_id and status = 'published' offset 0
    ) article on true
   where w.tenant_id = $1 and w.article_id = any($2::uuid[]) and w.version = (select serving_words())`;

/** The marked words of these articles' bodies, by article id. The words of titles and tags are left out. */
export async function listMatchedWords(
  tx: Transaction,
  tenantId: string,
  ids: readonly string[],
  { exact, prefixes }: Marker,
): Promise<Map<string, MatchedWords>> {
  const each = Math.floor(totalPositions / Math.max(1, exact.length));
  const positions = Math.min(mostPositions, Math.max(leastPositions, each));
  const rows = await tx.prepared(matchedWordsSql, [tenantId, [...ids], [...exact], [...prefixes], positions]);
  return new Map(matchedRows.parse(rows).map((row) => [row.id, row]));
}

/** A piece of the body of an article. */
export interface BodyPiece extends Piece {
  readonly id: string;
}

/** The texts of pieces of bodies, in their order; empty behind the end of a body, and of an article that is not published. */
export async function listPieces(
  tx: Transaction,
  tenantId: string,
  pieces: readonly BodyPiece[],
): Promise<string[]> {
  // Each body is unpacked once, whatever the number of its pieces.
  const rows = await tx.prepared(
    `select piece.place::int as place, substr(article.body, piece.start + 1, piece.length) as text
       from (select read.id, read.body
               from (select distinct id from unnest($2::uuid[]) as given (id)) as wanted
              cross join lateral (select id, body || '' as body
                                    from articles
                                   where tenant_id = $1 and id = wanted.id and status = 'published' offset 0) read
             offset 0) article
       join unnest($2::uuid[], $3::int[], $4::int[]) with ordinality as piece (id, start, length, place) using (id)`,
    [
      tenantId,
      pieces.map(({ id }) => id),
      pieces.map(({ start }) => start),
      pieces.map(({ length }) => length),
    ],
  );
  const texts = pieces.map(() => '');
  for (const { place, text } of pieceRows.parse(rows)) texts[place - 1] = text;
  return texts;
}

const pieceRows = z.array(z.object({ place: z.number(), text: z.string() }));
