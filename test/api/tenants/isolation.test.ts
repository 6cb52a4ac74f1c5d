import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createApp } from '../../../src/http/app.ts';
import { collectRoutes, type RouteServices } from '../../../src/http/routes.ts';
import { type RunningServer, startServer } from '../../../src/http/server.ts';
import { createLogger } from '../../../src/platform/telemetry/logging.ts';
import { createMetrics } from '../../../src/platform/telemetry/metrics.ts';
import { createTestServices, type TestServices, type TestTenant } from '../../support/test-services.ts';

/** Two tenants and every route that there is: a new route is tested here as soon as it is collected. */
let test: TestServices;
let server: RunningServer;
let ours: TestTenant;
let theirs: TestTenant;

beforeAll(async () => {
  test = await createTestServices();
  const log = createLogger({ level: 'silent', process: 'api' });
  const app = createApp({
    routes: collectRoutes(test.services),
    authenticate: test.services.tenants.authenticate,
    idempotency: test.services.idempotency,
    dependencies: [],
    metrics: createMetrics(new Registry()),
    log,
    version: 'test',
    verifyReplies: true,
  });
  server = await startServer({ app, port: 0, log });
  ours = await test.createTenant();
  theirs = await test.createTenant();
});
afterAll(async () => {
  await server.close();
  await test.close();
});

/** Routes take no services before they are called, so the list is there before the servers are. */
const routes = collectRoutes(
  // The handlers are never run from this list; it is read for its declarations.
  new Proxy<RouteServices>(Object.create(null), { get: () => ({}) }),
).filter(({ role }) => role !== 'superadmin');

const call = async (tenant: TestTenant, method: string, path: string, body?: unknown) => {
  const response = await fetch(`http://127.0.0.1:${server.port}/api/v1${path}`, {
    method: method.toUpperCase(),
    headers: {
      Authorization: `Bearer ${tenant.keys.user}`,
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, text: await response.text() };
};

/** How a tenant comes by a thing of each collection that has ids. A new collection has to be told here. */
const makers: Readonly<Record<string, (tenant: TestTenant, path: string) => Promise<string>>> = {
  articles: async (tenant, path) => {
    const { text } = await call(tenant, 'post', '/articles', {
      title: 'Secret',
      body: 'secretive text',
      category: 'idea',
      status: path.endsWith('/publish') ? 'draft' : 'published',
      force: true,
    });
    return JSON.parse(text).data.id;
  },
  'api-keys': async (tenant) => {
    const { text } = await call(tenant, 'post', '/api-keys', { label: 'Secret', role: 'agent' });
    return JSON.parse(text).data.id;
  },
};

/** Everything that is kept of a tenant, as text. */
const everythingOf = (tenant: TestTenant) =>
  test.services.database.withTenant(tenant.id, async (tx) => {
    const { rows: tables } = await tx.raw<{ rows: { table_name: string }[] }>(
      `select table_name from information_schema.columns
        where table_schema = 'public' and column_name = 'tenant_id' order by table_name`,
    );
    const found: [string, string][] = [];
    for (const { table_name } of tables) {
      const { rows } = await tx.raw('select row_to_json(t)::text as row from ?? t order by 1', [table_name]);
      found.push(...rows.map(({ row }: { row: string }): [string, string] => [table_name, row]));
    }
    return found;
  });

/** What changes by itself: a signal that is sent late, and the time at which a key was used. */
const settled = async (tenant: TestTenant) => {
  await test.services.outbox.drain();
  await test.services.tenants.settled();
  return everythingOf(tenant);
};

/** Parameters that name no tenant's thing. */
const shared = /:provider\b/;

describe.each(routes.filter(({ path }) => path.replace(shared, '').includes(':')))(
  '$method $path',
  (route) => {
    const collection = route.path.split('/')[1] ?? '';
    const pathOf = (id: string) => route.path.replace(/:\w+/, id);
    const [body] = z.array(z.unknown()).catch([]).parse(route.body?.meta()?.examples);

    it('answers 404 to another tenant’s id and changes nothing', async () => {
      const make = makers[collection];
      if (make === undefined)
        throw new Error(`how does a tenant come by one of ${collection}? Tell makers above`);
      const id = await make(theirs, route.path);
      const before = await settled(theirs);

      const stranger = await call(ours, route.method, pathOf(id), body);
      const nobody = await call(ours, route.method, pathOf('018f0000-0000-7000-8000-000000000000'), body);
      expect(stranger.status).toBe(404);
      // To the letter as for an id that nobody has, but for the id of the request itself.
      const withoutIds = (text: string) => text.replaceAll(/[0-9a-f-]{36}/g, '');
      expect(withoutIds(stranger.text)).toBe(withoutIds(nobody.text));
      expect(await settled(theirs)).toEqual(before);

      const owner = await call(theirs, route.method, pathOf(id), body);
      expect(owner.status).toBeLessThan(300);
    });
  },
);

describe.each(routes.filter(({ method, path }) => method === 'get' && !path.includes(':')))(
  '$method $path',
  (route) => {
    const queries: Readonly<Record<string, string>> = {
      '/knowledge/search': '?q=secretive&mode=keyword',
      '/knowledge/context': '?q=secretive&mode=keyword',
    };

    it('shows nothing of another tenant', async () => {
      const made = await Promise.all(Object.values(makers).map((make) => make(theirs, route.path)));
      const query = queries[route.path] ?? '';
      const { status, text } = await call(ours, route.method, `${route.path}${query}`);
      expect(status).toBe(200);
      for (const id of [theirs.id, ...made]) expect(text).not.toContain(id);
      expect(text).not.toContain('secretive text');
    });
  },
);
