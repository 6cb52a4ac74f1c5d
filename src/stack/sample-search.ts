import { z } from 'zod';
import { expectSuccess, type LorekeepApi } from './lorekeep-api.ts';

/** A question whose answer is among the samples, in other words than its own. */
export const sampleQuery = 'unreliable automated checks';

const reply = z.object({
  data: z.array(z.object({ id: z.string(), title: z.string(), score: z.number() })),
  meta: z.object({ fallback: z.boolean(), fallback_reason: z.string().nullable() }),
});
const article = z.object({ data: z.object({ title: z.string(), body: z.string() }) });

export type SampleSearch =
  | { readonly kind: 'not_by_meaning'; readonly reason: string }
  | {
      readonly kind: 'found';
      readonly title: string;
      readonly similarity: number;
      /** Words that the question has in common with the whole article. */
      readonly sharedWords: readonly string[];
      /** What a search by keyword finds first for the same question. */
      readonly byKeyword: string | undefined;
    };

/** Asks the question by meaning, and by keyword for comparison. */
export async function searchSamples(api: LorekeepApi, key: string): Promise<SampleSearch> {
  const ask = async (mode: string) => {
    const path = `/knowledge/search?mode=${mode}&limit=1&q=${encodeURIComponent(sampleQuery)}`;
    return expectSuccess(await api({ path, key }), reply, `search by ${mode}`);
  };
  const [semantic, keyword] = await Promise.all([ask('semantic'), ask('keyword')]);
  const [best] = semantic.data;
  if (semantic.meta.fallback || !best) {
    return { kind: 'not_by_meaning', reason: semantic.meta.fallback_reason ?? 'nothing is embedded yet' };
  }
  const whole = await api({ path: `/articles/${best.id}`, key });
  const { title, body } = expectSuccess(whole, article, 'read the best hit').data;
  return {
    kind: 'found',
    title,
    similarity: best.score,
    sharedWords: sharedWords(sampleQuery, `${title} ${body}`),
    byKeyword: keyword.data[0]?.title,
  };
}

/** Words that two texts have in common, whatever their case. */
export function sharedWords(left: string, right: string): string[] {
  const words = (text: string) => new Set(text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []);
  const there = words(right);
  return [...words(left)].filter((word) => there.has(word));
}
