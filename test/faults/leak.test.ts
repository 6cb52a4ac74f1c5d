import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Activities } from '../../activities/index.ts';
import { eventually } from '../support/running-service.ts';
import type { TestTenant } from '../support/test-services.ts';
import { canaryKey } from './canaries.ts';
import { type ComposedService, composeService } from './composed-service.ts';
import { type Evidence, findLeaks, readTables, readWorkflows } from './evidence.ts';
import { createPieceFinder } from './find-pieces.ts';
import { startLeakyVault } from './leaky-vault.ts';

// The test of the matrix's search for keys: a service that leaks, in one way for each tenant, must not pass it.
const leaks = ['nowhere', 'error', 'log', 'table', 'history', 'answer'] as const;
type LeakName = (typeof leaks)[number];

interface Victim {
  readonly tenant: TestTenant;
  readonly key: string;
}

const victims = new Map<LeakName, Victim>();
const leaksFor = (name: LeakName, tenantId: string) => victims.get(name)?.tenant.id === tenantId;
const keyOf = (name: LeakName) => victims.get(name)?.key ?? '';

let vault: Awaited<ReturnType<typeof startLeakyVault>>;
let service: ComposedService;
let evidence: Evidence[];

/** The real activities, three of which leak for one tenant each. */
function leaky(real: Activities, log: { info(message: string): void }): Activities {
  let thrown = false;
  return {
    ...real,
    async generateEmbedding(input) {
      if (leaksFor('error', input.tenantId) && !thrown) {
        thrown = true;
        throw new Error(`401 Incorrect API key provided: ${keyOf('error')}`);
      }
      if (leaksFor('log', input.tenantId)) log.info(`calling the provider with ${keyOf('log')}`);
      return real.generateEmbedding(input);
    },
    async resolveEmbeddingKey(input) {
      const resolved = await real.resolveEmbeddingKey(input);
      return leaksFor('history', input.tenantId) ? { ...resolved, apiKey: keyOf('history') } : resolved;
    },
  };
}

beforeAll(async () => {
  vault = await startLeakyVault(inject('vaultAddr'), (context) =>
    leaksFor('table', context.split('/').at(-1) ?? ''),
  );
  service = await composeService(
    { VAULT_ADDR: vault.url },
    {
      activities: leaky,
      interceptor: (sanitizer) => (context) =>
        context.info.workflowExecution?.workflowId.includes(victims.get('error')?.tenant.id ?? 'none')
          ? {}
          : sanitizer(context),
      routes: (real) =>
        real.map((route) => ({
          ...route,
          handle: async (request) => {
            const answer = await route.handle(request);
            return route.path.endsWith('/llm-config') &&
              request.actor.tenantId === victims.get('answer')?.tenant.id &&
              'body' in answer
              ? { ...answer, body: { view: answer.body, debug: keyOf('answer') } }
              : answer;
          },
        })),
    },
  );
  for (const name of leaks) victims.set(name, { tenant: await service.createTenant(), key: canaryKey() });
  for (const { tenant, key } of victims.values()) {
    await service.call(tenant.keys.user, 'PATCH', '/tenants/me/llm-config', { embedding_api_key: key });
    await service.call(tenant.keys.user, 'GET', '/tenants/me/llm-config');
    const { data } = await service.call(tenant.keys.agent, 'POST', '/articles', {
      title: 'An article',
      body: 'Some text.',
      category: 'finding',
      // The key is to go through a workflow.
      force: true,
    });
    await eventually(async () => {
      const read = await service.call(tenant.keys.agent, 'GET', `/articles/${data.id}`);
      return read.data.embedding.status === 'embedded' ? true : undefined;
    });
  }
  const owner = new pg.Pool({ connectionString: service.db.ownerUrl });
  evidence = [
    ...(await readTables(owner)),
    ...(await readWorkflows(service.services.temporal.client, service.environment.TEMPORAL_TASK_QUEUE)),
    { place: 'log', text: service.logLines.join('') },
    { place: 'metrics', text: await service.metrics.scrape() },
    { place: 'answers', text: service.answers.join('\n') },
  ];
  await owner.end();
}, 120_000);

afterAll(async () => {
  await service?.close();
  await vault?.close();
});

/** Where pieces of the tenant's key are found. */
const placesOf = (name: LeakName) => [
  ...new Set(findLeaks(evidence, createPieceFinder([keyOf(name)])).map(({ place }) => place)),
];

describe('the search for keys', () => {
  it('finds nothing of a tenant whose key does not leak', () => {
    expect(placesOf('nowhere')).toEqual([]);
  });

  it('finds a key in the message of an error that no sanitizer has cleaned', () => {
    expect(placesOf('error')).toContain('history');
  });

  it('finds a key in a log line', () => {
    expect(placesOf('log')).toEqual(['log']);
  });

  it('finds a key in a table, where it stands in base64 instead of encrypted', () => {
    expect(placesOf('table')).toEqual(['table provider_keys']);
  });

  it('finds a key that an activity has returned, in the history', () => {
    expect(placesOf('history')).toEqual(['history']);
  });

  it('finds a key in an answer', () => {
    expect(placesOf('answer')).toEqual(['answers']);
  });
});
