import { z } from 'zod';
import { type ApiClient, expectSuccess } from './api-client.ts';
import { showcase } from './samples/index.ts';

const reply = z.object({
  data: z.array(z.object({ id: z.string(), title: z.string(), score: z.number() })),
  meta: z.object({ fallback: z.boolean(), fallback_reason: z.string().nullable() }),
});
const article = z.object({
  data: z.object({ title: z.string(), body: z.string(), tags: z.array(z.string()) }),
});

export type SampleSearch =
  | { readonly kind: 'not_by_meaning'; readonly reason: string }
  | {
      readonly kind: 'found';
      readonly title: string;
      readonly similarity: number;
      /** The words of the question that occur anywhere in the article. */
      readonly sharedWords: readonly string[];
      /** What a search by keyword finds first for the same question. */
      readonly byKeyword: string | undefined;
    };

/** Searches for the showcase question by meaning, and by keyword for comparison. */
export async function searchSamples(api: ApiClient, key: string): Promise<SampleSearch> {
  const ask = async (mode: string) => {
    const path = `/knowledge/search?mode=${mode}&limit=1&q=${encodeURIComponent(showcase.query)}`;
    return expectSuccess(await api({ path, key }), reply, `search by ${mode}`);
  };
  const [semantic, keyword] = await Promise.all([ask('semantic'), ask('keyword')]);
  const [best] = semantic.data;
  if (semantic.meta.fallback || !best) {
    return { kind: 'not_by_meaning', reason: semantic.meta.fallback_reason ?? 'it found nothing' };
  }
  const whole = await api({ path: `/articles/${best.id}`, key });
  const { title, body, tags } = expectSuccess(whole, article, 'read the best hit').data;
  return {
    kind: 'found',
    title,
    similarity: best.score,
    sharedWords: sharedWords(showcase.query, `${title} ${body} ${tags.join(' ')}`),
    byKeyword: keyword.data[0]?.title,
  };
}

const words = (text: string) => [...new Set(text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [])];
/** Words with this many first letters in common count as the same, much as keyword search stems them. */
const stemLetters = 4;

/** Returns the words of the question that occur in the text, or whose first letters are those of a word in it. */
export function sharedWords(question: string, text: string): string[] {
  const there = words(text);
  const known = new Set(there);
  const stems = new Set(
    there.filter((word) => word.length >= stemLetters).map((word) => word.slice(0, stemLetters)),
  );
  return words(question).filter(
    (word) => known.has(word) || (word.length >= stemLetters && stems.has(word.slice(0, stemLetters))),
  );
}
