import { z } from 'zod';
import type { Transaction } from '../platform/postgres/database.ts';

/** A hit whose body is sought, and the text that was found in it by meaning. */
export interface WantedBody {
  readonly id: string;
  readonly passage: string | null;
}

export interface FoundBody {
  /** The number of its characters. */
  readonly length: number;
  /** Where the passage begins, in characters; null where it does not stand so in the body. */
  readonly at: number | null;
}

/**
 * The lengths of the bodies of those of these articles that are still published, by id, and where their passages are. A passage can
 * differ from the body, as in its line ends and by the title or a table's header in front: then its longest line says where it is.
 */
export async function listFoundBodies(
  tx: Transaction,
  tenantId: string,
  wanted: readonly WantedBody[],
): Promise<Map<string, FoundBody>> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select article.id, length(article.body) as length,
            coalesce(nullif(strpos(article.body, wanted.passage), 0), nullif(strpos(article.body, wanted.line), 0)) - 1 as at
       from unnest(cast(:ids as uuid[]), cast(:passages as text[]), cast(:lines as text[])) as wanted (id, passage, line)
       join articles article on article.tenant_id = :tenantId and article.id = wanted.id and article.status = 'published'`,
    {
      tenantId,
      ids: wanted.map(({ id }) => id),
      passages: wanted.map(({ passage }) => passage),
      lines: wanted.map(({ passage }) => passage && longestLine(passage)),
    },
  );
  const body = z.object({ id: z.string(), length: z.int(), at: z.int().nullable() });
  return new Map(
    z
      .array(body)
      .parse(rows)
      .map(({ id, ...rest }) => [id, rest]),
  );
}

function longestLine(text: string): string {
  return text.split('\n').reduce((longest, line) => (line.length > longest.length ? line : longest), '');
}

/** A piece of a body, in characters. */
export interface BodyPiece {
  readonly id: string;
  readonly start: number;
  readonly length: number;
}

/** The texts of pieces of bodies, one of each article, in their order; empty of an article that is not published any more. */
export async function listBodyPieces(
  tx: Transaction,
  tenantId: string,
  pieces: readonly BodyPiece[],
): Promise<string[]> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select article.id, substr(article.body, piece.start + 1, piece.length) as text
       from unnest(cast(:ids as uuid[]), cast(:starts as int[]), cast(:lengths as int[])) as piece (id, start, length)
       join articles article on article.tenant_id = :tenantId and article.id = piece.id and article.status = 'published'`,
    {
      tenantId,
      ids: pieces.map(({ id }) => id),
      starts: pieces.map(({ start }) => start),
      lengths: pieces.map(({ length }) => length),
    },
  );
  const found = z.array(z.object({ id: z.string(), text: z.string() })).parse(rows);
  const texts = new Map(found.map(({ id, text }) => [id, text]));
  return pieces.map(({ id }) => texts.get(id) ?? '');
}
