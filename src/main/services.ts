import { createArticlesRoom } from '../articles/create-articles.ts';
import { createAudit } from '../audit/service.ts';
import type { Environment } from '../config.ts';
import { backgroundTimeoutOf } from '../domain/operations.ts';
import { createEmbedding } from '../embedding/create-embedding.ts';
import { createExtraction } from '../extraction/create-extraction.ts';
import { createIngestion } from '../ingestion/create-ingestion.ts';
import { createKnowledge } from '../knowledge/create-knowledge.ts';
import { createLlmConfig } from '../llm-config/create-llm-config.ts';
import type { KeyWaiters } from '../llm-config/key-waiters.ts';
import type { BacklogRequests } from '../llm-config/settings.ts';
import { createOutbox } from '../outbox/create-outbox.ts';
import { createIdempotency } from '../platform/idempotency/idempotency.ts';
import { createAddressCheck } from '../platform/net/address-check.ts';
import { createNameResolver } from '../platform/net/resolve-name.ts';
import { createSafeFetch } from '../platform/net/safe-fetch.ts';
import { createDatabase } from '../platform/postgres/database.ts';
import { createShares } from '../platform/shares/shares.ts';
import type { Logger } from '../platform/telemetry/logging.ts';
import type { Metrics } from '../platform/telemetry/metrics.ts';
import { createTemporalClient } from '../platform/temporal/client.ts';
import { createDataKeys } from '../platform/vault/data-keys.ts';
import { createTransit } from '../platform/vault/transit.ts';
import { createProposals } from '../proposals/create-proposals.ts';
import { createCatalogue } from '../providers/catalogue/create-catalogue.ts';
import { createProviders } from '../providers/create-providers.ts';
import type { BreakerWaits } from '../providers/status/provider-states.ts';
import { createRetention } from '../retention/create-retention.ts';
import { createReviews } from '../reviews/create-reviews.ts';
import { createSearch } from '../search/create-search.ts';
import { createTenants } from '../tenants/service.ts';
import { createUsage } from '../usage/create-usage.ts';
import { createVectors } from '../vectors/create-vectors.ts';
import { createWords } from '../words/create-words.ts';
import type { Analyzers } from '../words/word-index.ts';
import { createFeatureMetrics, registerFeatureGauges } from './feature-metrics.ts';
import type { CutOff } from './shutdown.ts';
import { temporalOptions } from './temporal-options.ts';
import { vaultLogin } from './vault-login.ts';
import { version } from './version.ts';

/** What the API and the worker have in common. */
type ServiceEnvironment = (Environment<'api'> | Environment<'worker'>) & {
  readonly WORKER_MAX_ACTIVITIES?: number;
  readonly AUDIT_RETENTION_DAYS?: number | undefined;
};

export type Services = ReturnType<typeof createServices>;

/** A decryption takes milliseconds; below what a caller of the guard waits, so that a hanging Vault is told apart. */
const vaultTimeoutMs = 2_000;

/**
 * Strings the rooms of a process together. Nothing connects before it is used. Documents come from public addresses alone: no
 * setting changes that, and only tests hand another fetch in, for servers of their own, or analyzers of another release.
 */
export function createServices(
  environment: ServiceEnvironment,
  log: Logger,
  telemetry: Metrics,
  applicationName: string,
  safeFetch = createSafeFetch({ resolve: createNameResolver(), version }),
  analyzers?: Analyzers,
) {
  const shares = createShares(telemetry.registry, {
    poolSize: environment.DATABASE_POOL_SIZE,
    databaseCores: environment.DATABASE_CORES,
    providerCalls: environment.WORKER_MAX_ACTIVITIES,
  });
  const database = createDatabase({
    url: environment.DATABASE_URL,
    poolSize: environment.DATABASE_POOL_SIZE,
    applicationName,
    shares: shares.connections,
    // A proposal's comparison may take as long as its author waits.
    statementTimeoutMs: Math.max(environment.DATABASE_STATEMENT_TIMEOUT_MS, environment.GUARD_TIMEOUT_MS),
  });
  const temporal = createTemporalClient(temporalOptions(environment));
  const transit = createTransit({
    address: environment.VAULT_ADDR,
    login: vaultLogin(environment),
    mount: environment.VAULT_TRANSIT_MOUNT,
    key: environment.VAULT_TRANSIT_KEY,
    timeoutMs: vaultTimeoutMs,
  });
  const metrics = createFeatureMetrics(telemetry.registry);
  registerFeatureGauges(telemetry.registry, database);

  const audit = createAudit({ database });
  const tenants = createTenants({
    database,
    audit,
    keyChanges: {
      url: environment.DATABASE_URL,
      applicationName,
      onLost: () => log.warn('changes of API keys are not announced, so that each log-in reads the database'),
    },
    // The rooms of words and usage are below that of the tenants, so they are reached from here.
    onCreated: (tx, tenantId) => words.wordVersions.begin(tx, tenantId),
    onBudgetChanged: (tx, tenantId, keyId) => usage.keyBudgetChanged(tx, tenantId, keyId),
    onUseNotRecorded: (error) => log.warn({ error }, 'time of use of an API key not recorded'),
  });
  const { outbox, starter } = createOutbox({
    database,
    client: temporal.client,
    taskQueue: environment.TEMPORAL_TASK_QUEUE,
    signals: shares.signals,
    log,
  });
  const { usage, blocked } = createUsage({ database, audit, log, metrics });

  // The embedding room is above those that ask it for something: they get it through their own narrow types.
  const backlog: BacklogRequests & BreakerWaits = {
    request: (tx, tenantId) => embedding.backlog.request(tx, tenantId),
    wakeWaiting: (tx, tenantId) => embedding.backlog.wakeWaiting(tx, tenantId),
  };
  // The same for what waits for an Anthropic key.
  const keyWaiters: readonly KeyWaiters[] = [
    { wake: (tx, tenantId) => articlesRoom.waitingClassifications.wake(tx, tenantId) },
    { wake: (tx, tenantId) => reviews.waitingReviews.wake(tx, tenantId) },
    { wake: (tx, tenantId) => waitingJobs.wake(tx, tenantId) },
  ];
  const catalogue = createCatalogue({
    baseUrl: environment.EMBEDDING_BASE_URL,
    defaultModel: environment.EMBEDDING_DEFAULT_MODEL,
    sendsInputType: environment.EMBEDDING_SENDS_INPUT_TYPE,
  });
  const { llmConfig, keys } = createLlmConfig({
    database,
    audit,
    transit,
    metrics,
    backlog,
    keyWaiters,
    catalogue,
    providerUrls: environment.PROVIDER_URLS,
    addressCheck: createAddressCheck({ resolve: createNameResolver() }),
    anthropicBaseUrl: environment.ANTHROPIC_BASE_URL,
    profileView: (...of) => providers.profiles.view(...of),
    tryCandidates: (...of) => providers.tryCandidates(...of),
  });
  const backgroundTimeoutMs = backgroundTimeoutOf({
    embedding: environment.EMBEDDING_WORKFLOW_TIMEOUT_MS,
    anthropic: environment.ANTHROPIC_WORKFLOW_TIMEOUT_MS,
  });
  const providers = createProviders({
    database,
    audit,
    usage,
    keys,
    catalogue,
    backlog,
    keyWaiters,
    log,
    metrics,
    breaker: {
      failures: environment.BREAKER_FAILURES,
      windowMs: environment.BREAKER_WINDOW_MS,
      openMs: environment.BREAKER_OPEN_MS,
    },
    providerUrls: environment.PROVIDER_URLS,
    attemptTimeoutMs: environment.EMBEDDING_TIMEOUT_MS,
    backgroundTimeoutMs,
  });
  const { guard } = providers;
  const { cutter } = createVectors(shares);
  const words = createWords({ database, threads: shares.threads, analyzers });
  const embedding = createEmbedding({
    database,
    audit,
    outbox,
    starter,
    keys,
    usage,
    blocked,
    guard,
    limits: providers.limits,
    embedding: providers.embedding,
    profiles: providers.profiles,
    cutter,
    metrics,
    log,
    batchChunks: environment.EMBEDDING_BATCH_CHUNKS,
    slots: shares.providerCalls,
    attemptTimeoutMs: backgroundTimeoutMs('embedding'),
  });
  const proposals = createProposals({
    database,
    guard,
    embedding: providers.embedding,
    batches: embedding.batches,
    cutter,
    metrics,
    log,
    maxChunks: environment.GATE_MAX_CHUNKS,
    attemptTimeoutMs: environment.EMBEDDING_TIMEOUT_MS,
    timeoutMs: environment.GUARD_TIMEOUT_MS,
    threads: shares.threads,
  });
  const { gate } = proposals;
  const { anthropic } = providers;
  const articlesRoom = createArticlesRoom({
    database,
    audit,
    outbox,
    blocked,
    gate,
    wordIndex: words.wordIndex,
    wordVersions: words.wordVersions,
    metrics,
    log,
    embeddings: embedding.embeddings,
    anthropic,
    slots: shares.providerCalls,
  });
  const { articles } = articlesRoom;
  const dataKeys = createDataKeys({ transit });
  const extraction = createExtraction({
    ...{ database, anthropic, createArticle: articles.create },
    timeoutMs: backgroundTimeoutMs('extraction'),
  });
  const reviews = createReviews({
    ...{ database, audit, outbox, keys, usage, blocked, log },
    limits: providers.limits,
    slots: shares.providerCalls,
    extraction,
    dataKeys,
  });
  const { waitingJobs, reader, ...ingestion } = createIngestion({
    ...{ database, audit, outbox, keys, usage, blocked, metrics, log },
    ...{ extraction, dataKeys, safeFetch },
    limits: providers.limits,
    slots: shares.providerCalls,
    documents: shares.documents,
  });
  const search = createSearch({
    database,
    blocked,
    guard,
    embedding: providers.embedding,
    rerank: providers.rerank,
    metrics,
    timeoutMs: environment.EMBEDDING_TIMEOUT_MS,
    deadlineMs: environment.GUARD_TIMEOUT_MS,
  });

  return {
    shares,
    database,
    temporal,
    transit,
    safeFetch,
    audit,
    tenants,
    usage,
    catalogue,
    llmConfig,
    providerKeys: keys,
    outbox,
    ...providers,
    steps: embedding.steps,
    batches: embedding.batches,
    backlog: embedding.backlog,
    reconciled: [articlesRoom.waitingClassifications, reviews.waitingReviews, waitingJobs],
    embeddingCoverage: embedding.embeddingCoverage,
    embeddingRetries: embedding.embeddingRetries,
    articles,
    dataKeys,
    extraction,
    ...ingestion,
    merging: articlesRoom.merging,
    classifySteps: articlesRoom.classifySteps,
    waitingClassifications: articlesRoom.waitingClassifications,
    rewriting: articlesRoom.rewriting,
    wordIndex: words.wordIndex,
    wordVersions: words.wordVersions,
    reviews: reviews.reviews,
    reviewSteps: reviews.reviewSteps,
    waitingReviews: reviews.waitingReviews,
    search,
    ...createKnowledge({ database, search }),
    idempotency: createIdempotency({ database }),
    retention: createRetention({
      database,
      registry: telemetry.registry,
      log,
      auditDays: environment.AUDIT_RETENTION_DAYS,
    }),
    /** Waits for what is still being sent, then lets go of every connection. Answers what it cut off. */
    async close(): Promise<CutOff> {
      tenants.stopListening();
      const [signals, uses] = await Promise.all([outbox.drain(), tenants.settled()]);
      const [transactions, cuts, analyses, comparisons, documents] = await Promise.all([
        database.close(),
        cutter.close(),
        words.close(),
        proposals.close(),
        reader.close(),
        temporal.close(signals),
      ]);
      return { signals, uses, transactions, cuts, analyses, comparisons, documents };
    },
  };
}
