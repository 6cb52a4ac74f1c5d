import { Registry } from 'prom-client';
import { createClassifications } from '../../../src/articles/classification/classifications.ts';
import { createWriteRecords } from '../../../src/articles/record-write.ts';
import { articleRoutes } from '../../../src/articles/routes.ts';
import { createArticles } from '../../../src/articles/service.ts';
import { createAudit } from '../../../src/audit/service.ts';
import type { TenantRole } from '../../../src/domain/roles.ts';
import { createArticleEmbeddings } from '../../../src/embedding/article-embeddings.ts';
import { createApp } from '../../../src/http/app.ts';
import { startServer } from '../../../src/http/server.ts';
import { createOutboxService, type Outbox } from '../../../src/outbox/outbox.ts';
import { createSender } from '../../../src/outbox/sender.ts';
import type { OutboxRow } from '../../../src/outbox/store.ts';
import { createIdempotency } from '../../../src/platform/idempotency/idempotency.ts';
import { createSignalShare, createThreadShare } from '../../../src/platform/shares/shares.ts';
import { createLogger } from '../../../src/platform/telemetry/logging.ts';
import { createMetrics } from '../../../src/platform/telemetry/metrics.ts';
import { createGate, type Proposals } from '../../../src/proposals/gate.ts';
import { createProposalMetrics } from '../../../src/proposals/metrics.ts';
import { createLimits } from '../../../src/providers/limits/limits.ts';
import type { QueryEmbeddings } from '../../../src/search/query-embedding.ts';
import type { Reranking } from '../../../src/search/rerank.ts';
import { searchRoutes } from '../../../src/search/routes.ts';
import { createSearchService, type SearchServiceDeps } from '../../../src/search/service.ts';
import { createTenants } from '../../../src/tenants/service.ts';
import { createBlockedOperations } from '../../../src/usage/blocked-operations.ts';
import { createUsageMetrics } from '../../../src/usage/metrics.ts';
import { createWords } from '../../../src/words/create-words.ts';
import { type Answer, readAnswer } from '../../support/answer.ts';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts';

export interface Call {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One tenant as its agents, orchestrators and users reach it. */
export interface TestTenant {
  readonly id: string;
  readonly keys: Readonly<Record<TenantRole, string>>;
  /** One request with the key of a role (user, if none is named). */
  call(method: string, path: string, call?: Call, role?: TenantRole): Promise<Answer>;
}

export interface ArticleApi {
  readonly db: TestDatabase;
  readonly articles: ReturnType<typeof createArticles>;
  /** Rows that were sent to Temporal's stand-in, in order. */
  readonly sent: readonly OutboxRow[];
  readonly outbox: Outbox;
  tenant(slug: string): Promise<TestTenant>;
  close(): Promise<void>;
}

/** What a search gets from a tenant whose provider has no reranking. */
export const noReranking: Reranking = {
  order: async () => ({ kind: 'failed', code: 'rerank_unsupported' }),
};

/** What the gate gets from a tenant without a key. */
const keylessProposals: Proposals = {
  embed: async () => ({ kind: 'failed', code: 'no_api_key' }),
  compare: () => Promise.reject(new Error('there is nothing to compare')),
  compareWords: () => Promise.reject(new Error('there is nothing to compare')),
  store: () => Promise.reject(new Error('there is nothing to store')),
};

/**
 * The article and search routes over real HTTP and Postgres; only Temporal and the embedding of queries and proposals are
 * stand-ins.
 */
export async function startArticleApi(
  search: Partial<SearchServiceDeps> = {},
  proposals: Proposals = keylessProposals,
  gateTimeoutMs = 5_000,
): Promise<ArticleApi> {
  const db = await createTestDatabase({ poolSize: 20 });
  const { database } = db;
  const log = createLogger({ level: 'silent', process: 'api' });
  const audit = createAudit({ database });
  const tenants = createTenants({ database, audit });
  const metrics = createMetrics(new Registry());
  const sent: OutboxRow[] = [];
  const starter = { send: async (row: OutboxRow) => void sent.push(row) };
  const outbox = createOutboxService({
    database,
    sender: createSender({ database, starter, signals: createSignalShare(), log }),
  });
  const gate = createGate({ proposals, log, timeoutMs: gateTimeoutMs });
  const embeddings = createArticleEmbeddings({ outbox, limits: createLimits() });
  const classifications = createClassifications({ outbox });
  const words = createWords({ database, threads: createThreadShare(2) });
  const articles = createArticles({
    ...{ database, audit, embeddings, classifications, gate },
    wordIndex: words.wordIndex,
    records: createWriteRecords({ audit, embeddings, classifications }),
    metrics: createProposalMetrics(metrics.registry),
  });
  const keyless: QueryEmbeddings = { embedQuery: async () => ({ kind: 'failed', code: 'no_api_key' }) };
  const app = createApp({
    routes: [
      ...articleRoutes(articles),
      ...searchRoutes(
        createSearchService({
          database,
          queryEmbeddings: keyless,
          reranking: noReranking,
          blocked: createBlockedOperations({
            ...{ database, audit, log },
            metrics: createUsageMetrics(metrics.registry),
          }),
          ...search,
        }),
      ),
    ],
    authenticate: tenants.authenticate,
    idempotency: createIdempotency({ database }),
    dependencies: [],
    metrics,
    log,
    version: 'test',
    rateLimits: { requestsPerMinute: 100_000, refusedKeysPerMinute: 100 },
    verifyReplies: true,
  });
  const server = await startServer({ app, port: 0, log });

  return {
    db,
    articles,
    sent,
    outbox,
    async tenant(slug) {
      const creation = await tenants.createTenant(
        { tenantId: '', keyId: null, label: 'test', role: 'superadmin' },
        { slug, name: slug },
      );
      if (creation.kind !== 'created') throw new Error(creation.kind);
      const { tenant, keys } = creation;
      return {
        id: tenant.id,
        keys: { agent: keys.agent.key, orchestrator: keys.orchestrator.key, user: keys.user.key },
        async call(method, path, { body, headers } = {}, role = 'user') {
          const response = await fetch(`http://127.0.0.1:${server.port}/api/v1${path}`, {
            method,
            headers: {
              Authorization: `Bearer ${keys[role].key}`,
              ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
              ...headers,
            },
            ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
          });
          return readAnswer(response);
        },
      };
    },
    async close() {
      await server.close();
      await outbox.drain();
      await tenants.settled();
      await words.close();
      await db.drop();
    },
  };
}
