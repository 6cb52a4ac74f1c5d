import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { z } from 'zod';
import { createApiClient, expectSuccess } from '../../src/stack/api-client.ts';
import { twinKey } from '../support/provider-twin.ts';
import type { BenchStack } from './bench-stack.ts';

/** A tenant of its own for each measurement, with its own keys, so that no rate limit is met. */
export interface BenchTenant {
  readonly id: string;
  readonly keys: { readonly agent: string; readonly user: string };
  /** Whether the article's vectors are those of its current text and revision. */
  isEmbedded(articleId: string, revision: number): Promise<boolean>;
  /** The status of an ingestion job, and how many of its parts are done. */
  readJob(jobId: string): Promise<{ readonly status: string; readonly parts: number }>;
  /** Articles that wait for their vectors. */
  countPending(): Promise<number>;
  /** Waits until nothing of the tenant's is under way: no article pending, no signal unsent, no workflow running. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

const createdTenant = z.object({
  data: z.object({
    tenant: z.object({ id: z.string() }),
    keys: z.object({ agent: z.string(), user: z.string() }),
  }),
});
const countRow = z.tuple([z.object({ count: z.coerce.number() })]);

/** Makes a tenant over HTTP, with an embedding key for the twin (any, or this one) or without. */
export async function createBenchTenant(
  stack: BenchStack,
  embeddingKey: boolean | string,
): Promise<BenchTenant> {
  const api = createApiClient(stack.apiUrl);
  const slug = `bench-${randomUUID()}`;
  const created = await api({
    method: 'POST',
    path: '/admin/tenants',
    key: stack.adminKey,
    body: { slug, name: 'Benchmark' },
  });
  const { tenant, keys } = expectSuccess(created, createdTenant, 'make a tenant').data;
  if (embeddingKey !== false) {
    const set = await api({
      method: 'PATCH',
      path: '/tenants/me/llm-config',
      key: keys.user,
      body: { embedding_api_key: embeddingKey === true ? twinKey() : embeddingKey },
    });
    expectSuccess(set, z.unknown(), 'set the embedding key');
  }

  const database = new pg.Client({ connectionString: stack.databaseUrl });
  // Broken off when the servers stop, which is nobody's concern here; a measurement under way fails by itself.
  database.on('error', () => undefined);
  await database.connect();
  await database.query(`select set_config('app.tenant_id', $1, false)`, [tenant.id]);
  const count = async (sql: string) => countRow.parse((await database.query(sql)).rows)[0].count;
  const countPending = () => count(`select count(*) from article_embeddings where status = 'pending'`);
  const countUnsent = () => count('select count(*) from outbox');
  const countRunning = async () => {
    const query = `ExecutionStatus = 'Running' and LorekeepTenant = '${tenant.id}'`;
    return (await stack.temporal.workflow.count(query)).count;
  };

  return {
    id: tenant.id,
    keys,
    countPending,
    async readJob(jobId) {
      const { rows } = await database.query({
        name: 'read-job',
        text: `select j.status, (select count(*)::int from ingestion_parts p
                                  where p.tenant_id = j.tenant_id and p.job_id = j.id and p.status = 'done') as parts
                 from ingestion_jobs j where j.tenant_id = $1 and j.id = $2`,
        values: [tenant.id, jobId],
      });
      return z.tuple([z.object({ status: z.string(), parts: z.number() })]).parse(rows)[0];
    },
    async isEmbedded(articleId, revision) {
      const { rowCount } = await database.query({
        name: 'is-embedded',
        text: `select 1 from articles a
                 join article_embeddings e on e.tenant_id = a.tenant_id and e.article_id = a.id
                where a.tenant_id = $1 and a.id = $2 and a.revision = $3
                  and e.status = 'embedded' and e.content_hash = a.content_hash`,
        values: [tenant.id, articleId, revision],
      });
      return rowCount === 1;
    },
    async settle() {
      while ((await countPending()) + (await countUnsent()) > 0) await delay(50);
      while ((await countRunning()) > 0) await delay(50);
    },
    close: () => database.end(),
  };
}
