import { createArticles } from '../articles/service.ts';
import { createAudit } from '../audit/service.ts';
import type { Environment } from '../config.ts';
import { createArticleEmbeddings } from '../embedding/article-embeddings.ts';
import { createBacklog } from '../embedding/backlog/backlog.ts';
import { createReconciliation } from '../embedding/backlog/reconciliation.ts';
import { createEmbeddingCoverage } from '../embedding/coverage/coverage.ts';
import { createEmbedArticleSteps } from '../embedding/embed-article.ts';
import { createKnowledge } from '../knowledge/create-knowledge.ts';
import { createKeyCustody } from '../llm-config/custody.ts';
import { defaultAnthropicModels } from '../llm-config/models.ts';
import { createProviderKeys } from '../llm-config/provider-keys.ts';
import { createLlmConfig } from '../llm-config/service.ts';
import { createOutbox } from '../outbox/outbox.ts';
import { createWorkflowStarter } from '../outbox/workflow-starter.ts';
import { createIdempotency } from '../platform/idempotency/idempotency.ts';
import { createDatabase, type Transaction } from '../platform/postgres/database.ts';
import type { Logger } from '../platform/telemetry/logging.ts';
import type { Metrics } from '../platform/telemetry/metrics.ts';
import { registerStateGauges } from '../platform/telemetry/state-gauges.ts';
import { createTemporalClient } from '../platform/temporal/client.ts';
import { createTransit } from '../platform/vault/transit.ts';
import { createProposalCalls } from '../proposals/calls.ts';
import { createGate } from '../proposals/gate.ts';
import { createProposals } from '../proposals/vectors.ts';
import { createGuardedAnthropic } from '../providers/anthropic/guarded-anthropic.ts';
import { createBreaker } from '../providers/breaker/breaker.ts';
import { createGuardedEmbedding } from '../providers/embedding/guarded-embedding.ts';
import { createGuard } from '../providers/guard.ts';
import { meterBreaker, meterGuard } from '../providers/metered.ts';
import { createProviderStates } from '../providers/status/provider-states.ts';
import { createKeyVerification } from '../providers/status/verification.ts';
import { createSearch } from '../search/create-search.ts';
import { createTenants } from '../tenants/service.ts';
import { createBlockedOperations } from '../usage/blocked-operations.ts';
import { createUsage } from '../usage/service.ts';
import { readServiceState } from './service-state-store.ts';
import { temporalOptions } from './temporal-options.ts';
import { vaultLogin } from './vault-login.ts';

/** What the API and the worker have in common. */
type ServiceEnvironment = Environment<'api'> | Environment<'worker'>;

export type Services = ReturnType<typeof createServices>;

/** A decryption takes milliseconds; below the guard's patience, so that a hanging Vault is told apart. */
const vaultTimeoutMs = 2_000;
/** The doubling of a breaker's open time ends here: a provider that is back is noticed within ten minutes. */
const maxOpenMs = 600_000;

/** Wires every service of a process. Nothing connects before it is used. */
export function createServices(
  environment: ServiceEnvironment,
  log: Logger,
  metrics: Metrics,
  applicationName: string,
) {
  const database = createDatabase({
    url: environment.DATABASE_URL,
    poolSize: environment.DATABASE_POOL_SIZE,
    applicationName,
  });
  const temporal = createTemporalClient(temporalOptions(environment));
  const transit = createTransit({
    address: environment.VAULT_ADDR,
    login: vaultLogin(environment),
    mount: environment.VAULT_TRANSIT_MOUNT,
    key: environment.VAULT_TRANSIT_KEY,
    timeoutMs: vaultTimeoutMs,
  });

  const audit = createAudit({ database });
  const tenants = createTenants({
    database,
    audit,
    onUseNotRecorded: (error) => log.warn({ error }, 'the time of use of an API key was not recorded'),
  });
  const usage = createUsage({ database, audit, metrics });
  const starter = createWorkflowStarter({
    client: temporal.client,
    taskQueue: environment.TEMPORAL_TASK_QUEUE,
  });
  const outbox = createOutbox({ database, starter, log });
  const embeddings = createArticleEmbeddings({ outbox });

  registerStateGauges(metrics.registry, {
    read: () => database.withScope('metrics', readServiceState),
  });

  const custody = createKeyCustody({ transit, metrics });
  const defaultModels = { embedding_model: environment.EMBEDDING_DEFAULT_MODEL, ...defaultAnthropicModels };
  const providerKeys = createProviderKeys({ custody, audit, defaultModels });
  const backlog = createBacklog({ database, outbox, starter, keys: providerKeys });
  const requestBacklog = async (tx: Transaction, tenantId: string) => {
    await usage.budgetChanged(tx, tenantId);
    const { embedding_model } = await providerKeys.models(tx, tenantId);
    return backlog.request(tx, tenantId, embedding_model);
  };
  const llmConfig = createLlmConfig({
    database,
    audit,
    custody,
    defaultModels,
    onEmbeddingChanged: requestBacklog,
    afterCommit: embeddings.dispatch,
  });

  const blocked = createBlockedOperations({ database, audit, log, metrics });

  const breakerPolicy = {
    failures: environment.BREAKER_FAILURES,
    windowMs: environment.BREAKER_WINDOW_MS,
    openMs: environment.BREAKER_OPEN_MS,
    maxOpenMs: Math.max(maxOpenMs, environment.BREAKER_OPEN_MS),
  };
  const breaker = meterBreaker(createBreaker(breakerPolicy), metrics);
  const guard = meterGuard(createGuard({ database, keys: providerKeys, breaker, usage }), metrics);
  const embedding = createGuardedEmbedding({
    guard,
    baseUrl: environment.EMBEDDING_BASE_URL,
    sendsInputType: environment.EMBEDDING_SENDS_INPUT_TYPE,
  });

  const anthropic = createGuardedAnthropic({ guard, baseUrl: environment.ANTHROPIC_BASE_URL });

  const verification = createKeyVerification({
    database,
    keys: providerKeys,
    embedding,
    anthropic,
    timeoutMs: environment.EMBEDDING_TIMEOUT_MS,
    onEmbeddingVerified: requestBacklog,
    afterCommit: embeddings.dispatch,
  });
  const providerStates = createProviderStates({
    database,
    keys: providerKeys,
    breaker,
    audit,
    usage,
    // Nothing but embeddings waits for a breaker.
    onReset: async (tx, tenantId, provider) =>
      provider === 'embedding' ? backlog.wakeWaiting(tx, tenantId) : undefined,
    afterCommit: embeddings.dispatch,
  });

  const steps = createEmbedArticleSteps({
    database,
    keys: providerKeys,
    embedding,
    blocked,
    metrics,
    batchChunks: environment.EMBEDDING_BATCH_CHUNKS,
    timeoutMs: environment.EMBEDDING_WORKFLOW_TIMEOUT_MS,
  });
  const search = createSearch({
    database,
    keys: providerKeys,
    breaker,
    embedding,
    metrics,
    blocked,
    timeoutMs: environment.EMBEDDING_TIMEOUT_MS,
    deadlineMs: environment.GUARD_TIMEOUT_MS,
  });

  const proposals = createProposals({
    database,
    keys: providerKeys,
    buy: createProposalCalls({ embedding, metrics, timeoutMs: environment.EMBEDDING_TIMEOUT_MS }),
    maxChunks: environment.GATE_MAX_CHUNKS,
  });
  const gate = createGate({ proposals, log, timeoutMs: environment.GUARD_TIMEOUT_MS });

  return {
    database,
    temporal,
    transit,
    audit,
    tenants,
    usage,
    llmConfig,
    providerKeys,
    outbox,
    backlog,
    embedding,
    steps,
    verification,
    providerStates,
    embeddingCoverage: createEmbeddingCoverage({ database, keys: providerKeys }),
    reconciliation: createReconciliation({ database, outbox, starter }),
    articles: createArticles({ database, audit, embeddings, gate, metrics }),
    search,
    ...createKnowledge({ database, search }),
    idempotency: createIdempotency({ database }),
    /** Waits for what is still being sent, then lets go of every connection. */
    async close() {
      await Promise.all([outbox.drain(), tenants.settled()]);
      await Promise.allSettled([temporal.close(), database.close()]);
    },
  };
}
