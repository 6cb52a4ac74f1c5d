import { expect } from 'vitest';
import type { Answer } from '../../support/answer.ts';
import { type ProviderTwin, type TwinStep, twinDimensions, twinKey } from '../../support/provider-twin.ts';
import type { RunningService } from '../../support/running-service.ts';
import type { TestTenant } from '../../support/test-services.ts';

/** A tenant that proposes articles, and its provider. */
export interface Proposer {
  readonly tenant: TestTenant;
  readonly key: string;
  /** POSTs an article. */
  post(fields?: object, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  /** Scripts the vectors of the next calls: each step is the vectors of one call. */
  vectors(...calls: readonly (readonly (readonly number[])[])[]): void;
  /** How many calls its provider has got. */
  calls(): number;
  /** Every article that it has, newest first. */
  articles(): Promise<{ readonly id: string; readonly status: string; readonly title: string }[]>;
}

export async function createProposer(service: RunningService, twin: ProviderTwin): Promise<Proposer> {
  const key = twinKey();
  const tenant = await service.createTenant(key);
  return {
    tenant,
    key,
    async post(fields = {}, headers = {}) {
      const response = await fetch(`${service.apiUrl}/api/v1/articles`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${tenant.keys.agent}`,
          'content-type': 'application/json',
          ...headers,
        },
        body: JSON.stringify({
          title: 'A title',
          body: 'Some words about something.',
          category: 'finding',
          ...fields,
        }),
      });
      return { status: response.status, headers: response.headers, body: await response.json() };
    },
    vectors: (...calls) => twin.script(key, calls.map(answerWith)),
    calls: () => twin.callsOf(key).length,
    async articles() {
      const answer = await service.call(tenant.keys.agent, 'GET', '/articles?limit=100');
      expect(answer.status).toBe(200);
      return answer.body.data;
    },
  };
}

/** The provider answers with these vectors. */
export function answerWith(vectors: readonly (readonly number[])[]): TwinStep {
  return {
    kind: 'raw',
    body: JSON.stringify({
      object: 'list',
      model: 'a-model',
      data: vectors.map((embedding, index) => ({ object: 'embedding', index, embedding })),
      usage: { prompt_tokens: 7, total_tokens: 7 },
    }),
  };
}

/** A unit vector along one axis. */
export const axis = (at: number): number[] =>
  Array.from({ length: twinDimensions }, (_, i) => (i === at ? 1 : 0));

/** A unit vector whose cosine to the first axis is this, turned towards another axis. */
export const near = (cosine: number, towards = 1): number[] =>
  Array.from({ length: twinDimensions }, (_, i) =>
    i === 0 ? cosine : i === towards ? Math.sqrt(1 - cosine * cosine) : 0,
  );

/** A body of so many chunks, none like another's. */
export const sections = (count: number, name = 'part'): string =>
  Array.from(
    { length: count },
    (_, i) => `## ${name} ${i}\n\n${`Words of ${name} ${i} and of no other one at all. `.repeat(18)}`,
  ).join('\n\n');
