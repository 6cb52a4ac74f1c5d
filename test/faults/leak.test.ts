import pg from 'pg';
import { test as base, describe, expect, inject } from 'vitest';
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

const it = base
  .extend('victims', { scope: 'file' }, () => createVictims())
  .extend('vault', { scope: 'file' }, async ({ victims }, { onCleanup }) => {
    const vault = await startLeakyVault(inject('vaultAddr'), (context) =>
      // lorekeep/<purpose>/<tenant>/<origin>
      victims.is('table', context.split('/')[2] ?? ''),
    );
    onCleanup(() => vault.close());
    return vault;
  })
  .extend('service', { scope: 'file' }, async ({ victims, vault }, { onCleanup }) => {
    const service = await composeLeaky(victims, vault.url);
    onCleanup(() => service.close());
    return service;
  })
  .extend('placesOf', { scope: 'file' }, async ({ victims, service }) => {
    const evidence = await letLeak(victims, service);
    return (name: LeakName) => placesIn(evidence, victims.keyOf(name));
  });
it.beforeAll(({ placesOf }) => void placesOf, 120_000);

describe('the search for keys', () => {
  it('finds nothing of a tenant whose key does not leak', ({ placesOf }) => {
    expect(placesOf('nowhere')).toEqual([]);
  });

  it('finds a key in the message of an error that no sanitizer has cleaned', ({ placesOf }) => {
    expect(placesOf('error')).toContain('history');
  });

  it('finds a key in a log line', ({ placesOf }) => {
    expect(placesOf('log')).toEqual(['log']);
  });

  it('finds a key in a table, where it stands in base64 instead of encrypted', ({ placesOf }) => {
    expect(placesOf('table')).toEqual(['table provider_keys']);
  });

  it('finds a key that an activity has returned, in the history', ({ placesOf }) => {
    expect(placesOf('history')).toEqual(['history']);
  });

  it('finds a key in an answer', ({ placesOf }) => {
    expect(placesOf('answer')).toEqual(['answers']);
  });
});

type Victims = ReturnType<typeof createVictims>;

/** The tenants whose keys leak, by the way in which they do. */
function createVictims() {
  const victims = new Map<LeakName, { readonly tenant: TestTenant; readonly key: string }>();
  return {
    add: (name: LeakName, tenant: TestTenant) => void victims.set(name, { tenant, key: canaryKey() }),
    all: () => [...victims.values()],
    is: (name: LeakName, tenantId: string) => victims.get(name)?.tenant.id === tenantId,
    idOf: (name: LeakName) => victims.get(name)?.tenant.id ?? 'none',
    keyOf: (name: LeakName) => victims.get(name)?.key ?? '',
  };
}

/** The service, whose answers and activities leak for one victim each. */
function composeLeaky(victims: Victims, vaultUrl: string): Promise<ComposedService> {
  return composeService(
    { VAULT_ADDR: vaultUrl },
    {
      activities: (real, log) => leaky(victims, real, log),
      interceptor: (sanitizer) => (context) =>
        context.info.workflowExecution?.workflowId.includes(victims.idOf('error')) ? {} : sanitizer(context),
      routes: (real) =>
        real.map((route) => ({
          ...route,
          handle: async (request) => {
            const answer = await route.handle(request);
            return route.path.endsWith('/llm-config') &&
              victims.is('answer', request.actor.tenantId) &&
              'body' in answer
              ? { ...answer, body: { view: answer.body, debug: victims.keyOf('answer') } }
              : answer;
          },
        })),
    },
  );
}

/** The real activities, of which the first leaks for three tenants in three ways. */
function leaky(victims: Victims, real: Activities, log: { info(message: string): void }): Activities {
  let thrown = false;
  return {
    ...real,
    async embedArticle(input) {
      if (victims.is('error', input.tenantId) && !thrown) {
        thrown = true;
        throw new Error(`401 Incorrect API key provided: ${victims.keyOf('error')}`);
      }
      if (victims.is('log', input.tenantId)) log.info(`calling the provider with ${victims.keyOf('log')}`);
      const embedded = await real.embedArticle(input);
      return victims.is('history', input.tenantId)
        ? { ...embedded, apiKey: victims.keyOf('history') }
        : embedded;
    },
  };
}

/** Makes each victim set its key and have an article embedded. Returns everything that the service has left anywhere. */
async function letLeak(victims: Victims, service: ComposedService): Promise<Evidence[]> {
  for (const name of leaks) victims.add(name, await service.createTenant());
  for (const { tenant, key } of victims.all()) {
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
  const evidence = [
    ...(await readTables(owner)),
    ...(await readWorkflows(service.services.temporal.client, service.environment.TEMPORAL_TASK_QUEUE)),
    { place: 'log', text: service.logLines.join('') },
    { place: 'metrics', text: await service.metrics.scrape() },
    { place: 'answers', text: service.answers.join('\n') },
  ];
  await owner.end();
  return evidence;
}

/** Where pieces of a key are found. */
const placesIn = (evidence: readonly Evidence[], key: string) => [
  ...new Set(findLeaks(evidence, createPieceFinder([key])).map(({ place }) => place)),
];
