import { z } from 'zod';
import type { Transaction } from '../platform/postgres/database.ts';
import type { ProposedArticle } from './decision.ts';
import type { TellingWords } from './telling-words.ts';

/** The most articles whose words are compared with a proposal, and the most bytes of their texts: a second or two in a thread. */
const maxArticles = 12;
const maxBytes = 2_000_000;
/** The most chunks of a proposal by which articles that hold one are found, and the most places of such chunks that are read. */
const maxChunks = 256;
const maxPlaces = 500;
/** The most of the newest drafts that are looked through for words, and the most words that they may have together. */
const maxDrafts = 500;
const maxDraftWords = 200_000;

const textSchema = z.object({
  id: z.string(),
  title: z.string(),
  /** Null for a text that is known already. */
  body: z.string().nullable(),
  contentHash: z.string(),
  version: z.string(),
});

/** A text that may say what a proposal says. An article whose title, body or tags change has another version. */
export type TextToCompare = z.output<typeof textSchema>;

/**
 * Lists the articles that may say what a proposal says, the likeliest first: those with the same text, those that hold one of its chunks,
 * those near it by their vectors, and drafts that have its words: a draft is
 * found by no vector. They are published, or drafts that the gate itself has made of such a proposal; a proposal for a
 * draft is also compared with drafts that the gate has let through. A proposal to be published is not, because its author may have the
 * same text as a draft. The sizes are summed before any body is read.
 */
export async function listTextsToCompare(
  tx: Transaction,
  tenantId: string,
  proposal: Pick<ProposedArticle, 'contentHash' | 'status'> & {
    readonly spaceId: string | undefined;
    readonly chunkHashes: readonly string[];
    /** Best first. */
    readonly nearIds: readonly string[];
    readonly words: TellingWords;
    /** The versions of texts that are listed without their body. */
    readonly without: readonly string[];
  },
): Promise<TextToCompare[]> {
  const verdicts = proposal.status === 'draft' ? ['low_novelty', 'novel'] : ['low_novelty'];
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `with found as (
       select id, 1e6::float8 as score from articles where tenant_id = :tenantId and content_hash = :contentHash
       union all
       select article_id, 1e3 * count(*) from (
         select article_id from chunk_vectors
          where tenant_id = :tenantId and space_id = :spaceId::uuid and chunk_hash = any(:chunkHashes::text[])
          limit :maxPlaces) as places
        group by article_id
       union all
       select id, 1e2 from (
         select d.id, w.words, sum(w.length) over (order by d.created_at desc, d.id) as words_so_far
           from (select id, created_at from articles
                  where tenant_id = :tenantId and status = 'draft' and gate_verdict in ('low_novelty', 'novel')
                  order by created_at desc limit :maxDrafts) as d
           join article_words w on w.tenant_id = :tenantId and w.article_id = d.id and w.version = :version) as newest
        where words_so_far <= :maxDraftWords and words @@ cast(:words as tsquery)
       union all
       select id, 1.0 / place from unnest(:nearIds::uuid[]) with ordinality as near(id, place)
     ),
     likely as (
       select a.id, a.created_at, a.status = 'published' as is_published, sum(f.score) as score,
              octet_length(a.body) as bytes
         from found f
         join articles a on a.tenant_id = :tenantId and a.id = f.id
        where a.status = 'published' or (a.status = 'draft' and a.gate_verdict = any(:verdicts::text[]))
        group by a.tenant_id, a.id
        order by is_published desc, score desc, a.created_at, a.id
        limit :maxArticles
     ),
     affordable as (
       select id, row_number() over likeliest as number, sum(bytes) over likeliest as bytes_so_far
         from likely window likeliest as (order by is_published desc, score desc, created_at, id)
     )
     select a.id, a.title, a.content_hash as "contentHash", v.version,
            case when v.version = any(:without::text[]) then null else a.body end as body
       from affordable f
       join articles a on a.tenant_id = :tenantId and a.id = f.id
      cross join lateral (select a.id || ' ' || a.content_hash) as v(version)
      where f.bytes_so_far <= :maxBytes
      order by f.number`,
    {
      tenantId,
      contentHash: proposal.contentHash,
      spaceId: proposal.spaceId ?? null,
      chunkHashes: proposal.chunkHashes.slice(0, maxChunks),
      nearIds: [...proposal.nearIds],
      without: [...proposal.without],
      ...{ words: proposal.words.query, version: proposal.words.version, maxDrafts, maxDraftWords },
      ...{ verdicts, maxPlaces, maxArticles, maxBytes },
    },
  );
  return z.array(textSchema).parse(rows);
}
