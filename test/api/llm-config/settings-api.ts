import { randomBytes, randomUUID } from 'node:crypto';
import { Writable } from 'node:stream';
import { Registry } from 'prom-client';
import { inject } from 'vitest';
import { auditRoutes } from '../../../src/audit/routes.ts';
import { createAudit } from '../../../src/audit/service.ts';
import type { TenantRole } from '../../../src/domain/roles.ts';
import { createApp } from '../../../src/http/app.ts';
import { startServer } from '../../../src/http/server.ts';
import { createKeyCustody } from '../../../src/llm-config/custody.ts';
import { createLlmConfigMetrics } from '../../../src/llm-config/metrics.ts';
import { llmConfigRoutes } from '../../../src/llm-config/routes.ts';
import { createSettings } from '../../../src/llm-config/settings.ts';
import { createIdempotency } from '../../../src/platform/idempotency/idempotency.ts';
import { createLogger } from '../../../src/platform/telemetry/logging.ts';
import { createMetrics } from '../../../src/platform/telemetry/metrics.ts';
import { createTransit } from '../../../src/platform/vault/transit.ts';
import { catalogueRoutes } from '../../../src/providers/catalogue-routes.ts';
import { adminRoutes } from '../../../src/tenants/admin-routes.ts';
import { apiKeyRoutes } from '../../../src/tenants/routes.ts';
import { createTenants } from '../../../src/tenants/service.ts';
import { type Answer, readAnswer } from '../../support/answer.ts';
import { installationOf } from '../../support/catalogue.ts';
import { type CuttableLink, createCuttableLink } from '../../support/cuttable-link.ts';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts';

export const adminKey = `lk_${randomBytes(32).toString('base64url')}`;

export interface RawAnswer extends Answer {
  readonly text: string;
}

export interface SettingsApi {
  readonly db: TestDatabase;
  readonly vault: CuttableLink;
  /** Every log line so far, as one text. */
  logged(): string;
  call(
    key: string | undefined,
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<RawAnswer>;
  /** A new tenant, made over HTTP by the superadmin. */
  tenant(): Promise<{ readonly id: string; readonly keys: Readonly<Record<TenantRole, string>> }>;
  close(): Promise<void>;
}

/** The routes of tenants, API keys, provider settings and audit, over real HTTP, Postgres and OpenBao. */
export async function startSettingsApi(
  installation: ReturnType<typeof installationOf> = installationOf(),
): Promise<SettingsApi> {
  const db = await createTestDatabase({ poolSize: 20 });
  const { database } = db;
  const vault = await createCuttableLink(inject('vaultAddr'));
  const lines: string[] = [];
  const log = createLogger({
    level: 'trace',
    process: 'api',
    destination: new Writable({
      write(chunk, _encoding, done) {
        lines.push(String(chunk));
        done();
      },
    }),
  });
  const transit = createTransit({
    address: vault.url,
    login: { kind: 'token', token: inject('vaultToken') },
    mount: inject('vaultTransitMount'),
    key: inject('vaultTransitKey'),
    timeoutMs: 2_000,
  });
  const audit = createAudit({ database });
  const tenants = createTenants({ database, audit });
  const metrics = createMetrics(new Registry());
  const llmConfig = createSettings({
    database,
    audit,
    custody: createKeyCustody({ transit, metrics: createLlmConfigMetrics(metrics.registry) }),
    ...installation,
    backlog: { request: async () => undefined },
    keyWaiters: [],
  });
  const app = createApp({
    routes: [
      ...catalogueRoutes(installation),
      ...llmConfigRoutes({ llmConfig }),
      ...auditRoutes({ audit }),
      ...apiKeyRoutes({ tenants }),
      ...adminRoutes({ tenants }),
    ],
    authenticate: tenants.authenticate,
    adminApiKey: adminKey,
    idempotency: createIdempotency({ database }),
    dependencies: [],
    metrics,
    log,
    version: 'test',
    rateLimits: { requestsPerMinute: 100_000, refusedKeysPerMinute: 100_000 },
    verifyReplies: true,
  });
  const server = await startServer({ app, port: 0, log });

  const call: SettingsApi['call'] = async (key, method, path, body, headers = {}) => {
    const response = await fetch(`http://127.0.0.1:${server.port}/api/v1${path}`, {
      method,
      headers: {
        ...(key === undefined ? {} : { Authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.clone().text();
    return { ...(await readAnswer(response)), text };
  };

  return {
    db,
    vault,
    call,
    logged: () => lines.join(''),
    async tenant() {
      const made = await call(adminKey, 'POST', '/admin/tenants', {
        slug: `t-${randomUUID()}`,
        name: 'Tenant',
      });
      return { id: made.body.data.tenant.id, keys: made.body.data.keys };
    },
    async close() {
      await server.close();
      await tenants.settled();
      await vault.close();
      await db.drop();
    },
  };
}

/** Every piece of eight characters of a secret that a text holds. */
export function piecesIn(text: string, secret: string): string[] {
  const found: string[] = [];
  for (let at = 0; at + 8 <= secret.length; at += 1) {
    if (text.includes(secret.slice(at, at + 8))) found.push(secret.slice(at, at + 8));
  }
  return found;
}
