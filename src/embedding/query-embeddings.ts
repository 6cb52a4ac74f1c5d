import type { Database } from '../platform/postgres.ts';
import type { GuardedEmbedding } from '../providers/guarded-embedding.ts';
import type { QueryEmbeddings, QueryVector } from './ports.ts';
import { readServingSpace } from './store.ts';

/** Vectors of search queries, in the space that serves the tenant's searches. */
export function createQueryEmbeddings(deps: {
  readonly database: Database;
  readonly embedding: GuardedEmbedding;
  /** One attempt while a person waits. */
  readonly timeoutMs: number;
  /** All that the person waits for, the database and the custody included. */
  readonly patienceMs: number;
}): QueryEmbeddings {
  const embed = async (tenantId: string, text: string): Promise<QueryVector> => {
    const space = await deps.database.withTenant(tenantId, (tx) => readServingSpace(tx, tenantId));
    if (space === undefined) return { kind: 'no_vectors' };
    const answer = await deps.embedding.embed({
      tenantId,
      source: 'search',
      inputs: [text],
      side: 'query',
      timeoutMs: deps.timeoutMs,
      model: space.model,
      expectedDimensions: space.dimensions,
      keep: async (_tx, vectors) => vectors[0] ?? [],
    });
    switch (answer.kind) {
      case 'ok':
        return { kind: 'vector', spaceId: space.id, model: space.model, vector: answer.kept };
      case 'failed':
        return answer;
      case 'superseded':
        return { kind: 'failed', code: 'internal' };
    }
  };
  return {
    async embedQuery(tenantId, text) {
      let timer: NodeJS.Timeout | undefined;
      const patience = new Promise<QueryVector>((resolve) => {
        timer = setTimeout(resolve, deps.patienceMs, { kind: 'failed', code: 'provider_timeout' });
      });
      try {
        return await Promise.race([embed(tenantId, text), patience]);
      } catch {
        return { kind: 'failed', code: 'internal' };
      } finally {
        clearTimeout(timer);
      }
    },
  };
}
