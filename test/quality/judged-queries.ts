import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { loadSamples } from '../../src/stack/samples/index.ts';

/**
 * Queries over the samples, judged by a reader of all of them before any ranking was looked at. To add a complaint: write
 * the query as it was asked, then judge every sample that could serve it, whatever a search finds.
 */

/**
 * The kinds of the set. exact-terms: a name, a phrase. identifiers: those of code, versions, addresses, whole and in parts.
 * paraphrases: no word in common with the answer. typos: one or two edits in a word. two-languages: the query is in another
 * language than the answer. other-scripts: in another script, with a name of the answer or without. questions: whole ones that
 * share some words with the answer. tags-and-titles: a tag, or a title in whole or in part.
 */
export const kinds = [
  'exact-terms',
  'identifiers',
  'paraphrases',
  'typos',
  'two-languages',
  'other-scripts',
  'questions',
  'tags-and-titles',
] as const;
export type Kind = (typeof kinds)[number];

const languages = ['en', 'de', 'es', 'fr', 'pt', 'zh', 'ja', 'ko', 'ru', 'ar', 'th'] as const;

const querySchema = z.strictObject({
  q: z.string().trim().min(1).max(500),
  /** That of the query. */
  language: z.enum(languages),
  grades: z
    .record(z.string(), z.literal([1, 2, 3]))
    .refine((grades) => Object.values(grades).some((grade) => grade >= 2), 'nothing here answers the query'),
});

export type JudgedQuery = z.infer<typeof querySchema> & { readonly kind: Kind };

/** Reads the judged queries. Fails with an error that names what is wrong with which of them. */
export async function loadJudgedQueries(): Promise<JudgedQuery[]> {
  const slugs = (await loadSamples()).map(({ slug }) => slug);
  const files = await Promise.all(
    kinds.map(async (kind) => {
      const file = new URL(`./judged-queries/${kind}.json`, import.meta.url);
      return { kind, data: JSON.parse(await readFile(file, 'utf8')) };
    }),
  );
  return parseJudgedQueries(files, slugs);
}

/** The queries of these files; `slugs` are those of the samples that can be judged. */
export function parseJudgedQueries(
  files: readonly { readonly kind: Kind; readonly data: unknown }[],
  slugs: readonly string[],
): JudgedQuery[] {
  const queries = files.flatMap(({ kind, data }) => {
    const parsed = z.array(querySchema).safeParse(data);
    if (!parsed.success) throw new Error(`${kind}: ${z.prettifyError(parsed.error)}`);
    return parsed.data.map((query) => ({ ...query, kind }));
  });
  const seen = new Set<string>();
  for (const { q, grades } of queries) {
    if (seen.has(q.toLowerCase())) throw new Error(`"${q}" is judged twice`);
    seen.add(q.toLowerCase());
    const unknown = Object.keys(grades).filter((slug) => !slugs.includes(slug));
    if (unknown.length > 0) throw new Error(`"${q}" judges ${unknown.join(', ')}, which no sample is`);
  }
  return queries;
}
