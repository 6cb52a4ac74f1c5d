import { Registry } from 'prom-client';
import type { AnalyzableText, AnalyzedText } from '../../../src/domain/words/analyze-text.ts';
import { createServices, type Services } from '../../../src/main/services.ts';
import { createMetrics } from '../../../src/platform/telemetry/metrics.ts';
import type { Analyzer } from '../../../src/words/analysis/analyzer.ts';
import type { Analyzers } from '../../../src/words/word-index.ts';
import { loopbackFetch } from '../../support/loopback-fetch.ts';
import type { TestServices } from '../../support/test-services.ts';

/** Services of another release on the database of `test`: it knows other versions of the analyzer. */
export function releaseOf({ environment, log }: TestServices, analyzers: Analyzers): Services {
  const metrics = createMetrics(new Registry());
  return createServices(environment, log, metrics, 'lorekeep-test', loopbackFetch(), analyzers);
}

/** An analyzer of a version, which finds the words of a text by `analyze`. */
export function analyzerOf(version: number, analyze: (text: AnalyzableText) => AnalyzedText): Analyzer {
  return { version, analyze: async (_, text) => ({ ...analyze(text), version }) };
}
