import type { AnalyzableText, AnalyzedText } from '../domain/words/analyze-text.ts';
import type { Database } from '../platform/postgres/database.ts';
import type { Share } from '../platform/shares/share.ts';
import { createThreadPool, threadFile } from '../platform/threads/thread-pool.ts';
import { createAnalyzer } from './analysis/analyzer.ts';
import { type Analyzers, createWordIndex, type WordIndex } from './word-index.ts';
import { createWordVersions, type WordVersions } from './word-versions.ts';

/** An analysis takes a second or two at most; this is for a machine that has other things to do. */
const analysisTimeoutMs = 20_000;

export interface Words {
  readonly wordIndex: WordIndex;
  readonly wordVersions: WordVersions;
  /** Ends the threads. Answers how many texts were being analyzed. */
  close(): Promise<number>;
}

/** Wires the words of articles, with threads of their own: one for each slot of the share. A test may bring other analyzers. */
export function createWords(deps: {
  readonly database: Database;
  readonly threads: Share;
  readonly analyzers?: Analyzers | undefined;
}): Words {
  const pool = createThreadPool<AnalyzableText, AnalyzedText>({
    file: threadFile('./analysis/analyze-in-thread', import.meta.url),
    share: deps.threads,
    timeoutMs: analysisTimeoutMs,
  });
  const { analyzers = { current: createAnalyzer({ threads: pool }), earlier: [] } } = deps;
  return {
    wordIndex: createWordIndex({ ...deps, analyzers }),
    wordVersions: createWordVersions({ ...deps, current: analyzers.current.version }),
    close: pool.close,
  };
}
