import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { type ApiClient, expectSuccess } from '../../src/stack/api-client.ts';
import { type Measured, type Mode, modes } from './judged-queries-measurement.ts';

const questions = z.array(z.strictObject({ q: z.string().min(1).max(500), language: z.string().length(2) }));
const reply = z.object({ meta: z.object({ served_mode: z.string(), nothing_relevant: z.boolean() }) });

/** A question that no sample answers, and the modes in which a search says that some hit is relevant. */
export interface OffTopic {
  readonly q: string;
  readonly relevantBy: readonly Mode[];
}

/** Reads the questions that no sample answers; some share a common word with one. */
export async function loadOffTopic(): Promise<z.infer<typeof questions>> {
  return questions.parse(JSON.parse(await readFile(new URL('./off-topic.json', import.meta.url), 'utf8')));
}

/** Asks all of them in every mode, of a tenant that has the samples. */
export async function measureOffTopic(api: ApiClient, key: string): Promise<OffTopic[]> {
  const measured: OffTopic[] = [];
  for (const { q } of await loadOffTopic()) {
    const relevantBy: Mode[] = [];
    for (const mode of modes) {
      const path = `/knowledge/search?mode=${mode}&q=${encodeURIComponent(q)}`;
      const { meta } = expectSuccess(await api({ path, key }), reply, `search for "${q}" by ${mode}`);
      if (meta.served_mode !== mode) throw new Error(`"${q}" was served by ${meta.served_mode}, not ${mode}`);
      if (!meta.nothing_relevant) relevantBy.push(mode);
    }
    measured.push({ q, relevantBy });
  }
  return measured;
}

/** How often relevance is wrong, in both directions, and in what. */
export function describeOffTopic(measured: readonly Measured[], offTopic: readonly OffTopic[]): string {
  const lines = modes.flatMap((mode) => {
    const wrong = offTopic.filter(({ relevantBy }) => relevantBy.includes(mode));
    const found = measured.filter(({ by }) => by[mode].answerAt !== undefined);
    const lost = found.filter(({ by }) => !by[mode].isRelevant);
    return [
      `relevance by ${mode}: ${wrong.length} of ${offTopic.length} off-topic questions have a relevant hit; ${lost.length} of ${found.length} found answers have none`,
      ...wrong.map(({ q }) => `  off-topic: ${q}`),
      ...lost.map(({ q }) => `  lost: ${q}`),
    ];
  });
  return lines.join('\n');
}
