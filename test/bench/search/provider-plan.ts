import { createKeepAliveClient } from '../keep-alive-client.ts';
import type { PlannedQuery } from './queries.ts';

/** The planned provider, from the side of the benchmark. */
export interface ProviderPlan {
  /** Tells the provider what to answer. */
  plan(queries: readonly PlannedQuery[]): Promise<void>;
  /** One bare call for the query's vector; how long it took. */
  call(query: PlannedQuery): Promise<number>;
  /** Vectors answered so far, to whomever. */
  countAnswers(): Promise<number>;
  close(): void;
}

export function createProviderPlan(url: string): ProviderPlan {
  const client = createKeepAliveClient({ url, connections: 1 });
  const send = async (...request: Parameters<typeof client.send>) => {
    const answer = await client.send(...request);
    if (answer.status >= 300) throw new Error(`the provider answered ${answer.status}: ${answer.text}`);
    return answer;
  };
  return {
    async plan(queries) {
      await send('POST', '/plan', Object.fromEntries(queries.map(({ q, vector }) => [q, vector])));
    },
    call: async ({ q }) =>
      (await send('POST', '/v1/embeddings', { model: 'any', input: [q], encoding_format: 'float' })).ms,
    countAnswers: async () => Number((await send('GET', '/answers')).text),
    close: () => client.close(),
  };
}
