import {
  type AnalyzableText,
  type AnalyzedText,
  analyzeText,
  withLanguage,
} from '../../domain/words/analyze-text.ts';
import { analyzerVersion } from '../../domain/words/analyzer-version.ts';
import { cancellation } from '../../platform/async/cancellation.ts';
import type { ThreadPool } from '../../platform/threads/thread-pool.ts';
import { ThreadsUnavailable } from '../../platform/threads/threads-unavailable.ts';

/** Finds the words of texts by the rules of one version. */
export interface Analyzer {
  readonly version: number;
  /** Analyzes a text, in a thread if it is long. Throws `ThreadsUnavailable` when it cannot be done now. */
  analyze(tenantId: string, text: AnalyzableText): Promise<AnalyzedText>;
}

/** A shorter text is analyzed within milliseconds: handing it to a thread would take longer. */
const longCharacters = 8_000;

/** Creates the analyzer of the current version on a pool of threads: the long texts of one tenant hold up that tenant alone. */
export function createAnalyzer({
  threads,
}: {
  readonly threads: ThreadPool<AnalyzableText, AnalyzedText>;
}): Analyzer {
  return {
    version: analyzerVersion,
    async analyze(tenantId, { title, tags, category, body, language }) {
      const text = { title, tags, category, body, language };
      if (body.length <= longCharacters) return analyzeText(text);
      const analyzed = await threads.run(tenantId, withLanguage(text), cancellation());
      if (analyzed.kind === 'done') return analyzed.result;
      throw new ThreadsUnavailable(analyzed.kind);
    },
  };
}
