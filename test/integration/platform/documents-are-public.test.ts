import { Registry } from 'prom-client';
import { test as base, describe, expect } from 'vitest';
import { createServices, type Services } from '../../../src/main/services.ts';
import { createMetrics } from '../../../src/platform/telemetry/metrics.ts';
import { createTestServices, type TestServices } from '../../support/test-services.ts';
import { startWebServer, type WebServer } from '../../support/web-server.ts';

const test = base
  .extend('server', async ({}, { onCleanup }): Promise<WebServer> => {
    const server = await startWebServer((_, response) => response.end('text'));
    onCleanup(() => server.close());
    return server;
  })
  // The operator lets tenants choose any address for their providers.
  .extend('tests', async ({}, { onCleanup }): Promise<TestServices> => {
    const tests = await createTestServices({ PROVIDER_URLS: 'any' });
    onCleanup(() => tests.close());
    return tests;
  })
  .extend('asInProduction', async ({ tests }, { onCleanup }): Promise<Services> => {
    const services = createServices(
      tests.environment,
      tests.log,
      createMetrics(new Registry()),
      'lorekeep-test',
    );
    onCleanup(async () => void (await services.close()));
    return services;
  });

describe('the documents of a process', () => {
  test('come from public addresses alone, whatever providers may be reached at', async ({
    asInProduction,
    server,
  }) => {
    for (const host of ['127.0.0.1', 'localhost', '[::1]']) {
      const fetched = await asInProduction.safeFetch.fetch(`http://${host}:${server.port}/`);
      expect(fetched).toEqual({ kind: 'failed', code: 'url_forbidden' });
    }
    expect(server.requests).toEqual([]);
  });

  test('come in tests from a server of the test', async ({ tests, server }) => {
    const fetched = await tests.services.safeFetch.fetch(`http://site.example:${server.port}/`);
    expect(fetched.kind === 'fetched' && Buffer.from(fetched.bytes).toString()).toBe('text');
  });
});
