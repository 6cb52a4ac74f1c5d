import { randomBytes, randomUUID } from 'node:crypto';
import { Registry } from 'prom-client';
import { inject } from 'vitest';
import { type Environment, parseEnvironment } from '../../src/config.ts';
import type { Actor } from '../../src/domain/actor.ts';
import { createServices, type Services } from '../../src/main/services.ts';
import { createLogger, type Logger } from '../../src/platform/telemetry/logging.ts';
import { createMetrics, type Metrics } from '../../src/platform/telemetry/metrics.ts';
import { loopbackFetch } from './loopback-fetch.ts';
import { createTestDatabase, type TestDatabase } from './test-database.ts';

export interface TestServices {
  readonly services: Services;
  readonly environment: Environment<'worker'>;
  readonly db: TestDatabase;
  /** The log of every service, and of what a test puts around them. */
  readonly log: Logger;
  /** Everything that was logged there, as lines. */
  readonly logLines: readonly string[];
  /** What a process of these services would show at `/metrics`. */
  readonly metrics: Metrics;
  /** A tenant of its own, with an embedding key when one is given. */
  createTenant(embeddingKey?: string): Promise<TestTenant>;
  close(): Promise<void>;
}

export interface TestTenant {
  readonly id: string;
  readonly actor: Actor;
  /** API keys by role. */
  readonly keys: Readonly<Record<'agent' | 'orchestrator' | 'user', string>>;
  setEmbeddingKey(key: string | null): Promise<void>;
  setAnthropicKey(key: string | null): Promise<void>;
}

/**
 * Every service of a process, wired as in production, on the run's real servers and a database of its own. Documents come from the
 * loopback address alone, where a test starts the servers that it fetches from.
 */
export async function createTestServices(
  overrides: Readonly<Record<string, string>> = {},
): Promise<TestServices> {
  const db = await createTestDatabase();
  const parsed = parseEnvironment('worker', {
    DATABASE_URL: db.applicationUrl,
    DATABASE_POOL_SIZE: '10',
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    TEMPORAL_TASK_QUEUE: `test-${randomBytes(6).toString('hex')}`,
    VAULT_ADDR: inject('vaultAddr'),
    VAULT_TOKEN: inject('vaultToken'),
    VAULT_TRANSIT_MOUNT: inject('vaultTransitMount'),
    VAULT_TRANSIT_KEY: inject('vaultTransitKey'),
    EMBEDDING_BASE_URL: inject('embeddingUrl'),
    EMBEDDING_DEFAULT_MODEL: 'multilingual-e5-small',
    EMBEDDING_SENDS_INPUT_TYPE: 'true',
    EMBEDDING_BATCH_CHUNKS: '4',
    WORKER_MAX_ACTIVITIES: '2',
    ...overrides,
  });
  if (parsed.kind === 'invalid') throw new Error(parsed.problems.join('; '));
  const { environment } = parsed;

  const logLines: string[] = [];
  const log = createLogger({
    level: 'debug',
    process: 'test',
    destination: { write: (line: string) => void logLines.push(line) },
  });
  const metrics = createMetrics(new Registry());
  const services = createServices(environment, log, metrics, 'lorekeep-test', loopbackFetch());

  return {
    services,
    environment,
    db,
    log,
    logLines,
    metrics,
    async createTenant(embeddingKey) {
      const slug = `t-${randomUUID()}`;
      const created = await services.tenants.createTenant(
        { tenantId: randomUUID(), keyId: null, label: 'test', role: 'superadmin' },
        { slug, name: slug },
      );
      if (created.kind !== 'created') throw new Error(created.kind);
      const { tenant, keys } = created;
      const actor: Actor = { tenantId: tenant.id, keyId: keys.user.id, label: 'user', role: 'user' };
      const update = async (changes: Parameters<typeof services.llmConfig.update>[1]) => {
        const updated = await services.llmConfig.update(actor, changes);
        if (updated.kind !== 'updated') throw new Error(updated.kind);
      };
      const setEmbeddingKey = (key: string | null) => update({ embedding_api_key: key });
      if (embeddingKey !== undefined) await setEmbeddingKey(embeddingKey);
      return {
        id: tenant.id,
        actor,
        keys: { agent: keys.agent.key, orchestrator: keys.orchestrator.key, user: keys.user.key },
        setEmbeddingKey,
        setAnthropicKey: (key) => update({ api_key: key }),
      };
    },
    async close() {
      await services.close();
      await db.drop();
    },
  };
}
