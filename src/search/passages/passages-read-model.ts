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
});

/** The words of an article's body that a query marks, with their positions, and what is known of the body's places. */
export type MatchedWords = z.output<typeof matchedWords>;

/** The fewest and the most positions of a lexeme that are read; their total has a bound. */
const [leastPositions, mostPositions] = [24, 255];
const totalPositions = 6_000;
/** The most lexemes with one of the prefixes that are read of an article. */
const maxLexemes = 500;

/** The marked words of these articles' bodies, by article id. The words of titles and tags are left out. */
export async function listMatchedWords(
  tx: Transaction,
  tenantId: string,
  ids: readonly string[],
  { exact, prefixes }: Marker,
): Promise<Map<string, MatchedWords>> {
  const each = Math.floor(totalPositions / Math.max(1, exact.length));
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select w.article_id as id, w.language, w.body_from as "bodyFrom", w.offsets, w.headings, w.tables,
            coalesce(matched.words, '[]') as found
       from article_words w
      cross join lateral (
        select json_agg(json_build_array(word.lexeme, word.positions)) as words
          from (select lexeme, positions[1:cast(:positions as int)] as positions
                  from unnest(ts_filter(w.words, '{c,d}'))
                 where lexeme = any(cast(:exact as text[]))
                    or exists (select from unnest(cast(:prefixes as text[])) as prefix where starts_with(lexeme, prefix))
                 limit ${maxLexemes}) word
      ) matched
      where w.tenant_id = :tenantId and w.article_id = any(cast(:ids as uuid[]))
        and w.version = (select serving_words())`,
    {
      ...{ tenantId, ids: [...ids], exact: [...exact], prefixes: [...prefixes] },
      positions: Math.min(mostPositions, Math.max(leastPositions, each)),
    },
  );
  return new Map(
    z
      .array(matchedWords)
      .parse(rows)
      .map((row) => [row.id, row]),
  );
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
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select piece.place, substr(article.body, piece.start + 1, piece.length) as text
       from (select id, body || '' as body
               from articles
              where tenant_id = :tenantId and id = any(cast(:ids as uuid[])) and status = 'published' offset 0) article
       join unnest(cast(:ids as uuid[]), cast(:starts as int[]), cast(:lengths as int[]))
              with ordinality as piece (id, start, length, place) using (id)`,
    {
      tenantId,
      ids: pieces.map(({ id }) => id),
      starts: pieces.map(({ start }) => start),
      lengths: pieces.map(({ length }) => length),
    },
  );
  const texts = pieces.map(() => '');
  for (const { place, text } of z
    .array(z.object({ place: z.coerce.number(), text: z.string() }))
    .parse(rows)) {
    texts[place - 1] = text;
  }
  return texts;
}
