import { z } from 'zod';
import { type ApiClient, expectSuccess } from '../../src/stack/api-client.ts';
import { loadSamples } from '../../src/stack/samples/index.ts';
import { type JudgedQuery, loadJudgedQueries } from './judged-queries.ts';
import { ndcgAt10 } from './ndcg.ts';

export const modes = ['keyword', 'semantic', 'hybrid'] as const;
export type Mode = (typeof modes)[number];

/** How one mode answered one query. */
export interface Answered {
  readonly ndcg: number;
  /** Where the first article of the query's highest grade stands, from 1; undefined beyond the tenth. */
  readonly answerAt: number | undefined;
  /** Whether the search says that some hit is relevant. */
  readonly isRelevant: boolean;
}

export type Measured = JudgedQuery & { readonly by: Readonly<Record<Mode, Answered>> };

/** A busy machine is to make a measurement slower, not to let keywords serve what was asked by meaning. */
export const patientVariables = { EMBEDDING_TIMEOUT_MS: '20000', GUARD_TIMEOUT_MS: '25000' } as const;

const reply = z.object({
  data: z.array(z.object({ title: z.string() })),
  meta: z.object({
    served_mode: z.string(),
    fallback_reason: z.string().nullable(),
    nothing_relevant: z.boolean(),
    coverage: z.object({ published: z.int(), embedded: z.int() }),
  }),
});

/**
 * Asks every judged query in every mode, of a tenant that has exactly the samples. Throws when a search was served by
 * another mode than the one asked for, or when an article has no vectors: such a figure would be of something else.
 */
export async function measureJudgedQueries(api: ApiClient, key: string): Promise<Measured[]> {
  const samples = await loadSamples();
  const slugs = new Map(samples.map(({ title, slug }) => [title, slug]));

  const answer = async ({ q, grades }: JudgedQuery, mode: Mode): Promise<Answered> => {
    const path = `/knowledge/search?mode=${mode}&limit=10&q=${encodeURIComponent(q)}`;
    const { data, meta } = expectSuccess(await api({ path, key }), reply, `search for "${q}" by ${mode}`);
    if (meta.served_mode !== mode) {
      throw new Error(`"${q}" was served by ${meta.served_mode}, not ${mode}: ${meta.fallback_reason}`);
    }
    const { published, embedded } = meta.coverage;
    if (published !== samples.length || embedded !== samples.length) {
      throw new Error(`of ${samples.length} samples ${published} are published and ${embedded} embedded`);
    }
    const ranking = data.map(({ title }) => slugs.get(title) ?? title);
    const highest = Math.max(...Object.values(grades));
    const index = ranking.findIndex((slug) => grades[slug] === highest);
    return {
      ndcg: ndcgAt10(ranking, grades),
      answerAt: index < 0 ? undefined : index + 1,
      isRelevant: !meta.nothing_relevant,
    };
  };

  const measured: Measured[] = [];
  // One after the other: the local model computes one query at a time, and a search's time-out is short.
  for (const query of await loadJudgedQueries()) {
    const keyword = await answer(query, 'keyword');
    const semantic = await answer(query, 'semantic');
    const hybrid = await answer(query, 'hybrid');
    measured.push({ ...query, by: { keyword, semantic, hybrid } });
  }
  return measured;
}

/** The mean nDCG@10 of a mode. */
export const meanNdcg = (measured: readonly Measured[], mode: Mode) =>
  measured.reduce((sum, { by }) => sum + by[mode].ndcg, 0) / measured.length;

/** The share of queries whose answer is among a mode's ten. */
export const shareFound = (measured: readonly Measured[], mode: Mode) =>
  measured.filter(({ by }) => by[mode].answerAt !== undefined).length / measured.length;
