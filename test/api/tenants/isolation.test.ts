import { test as base, describe, expect } from 'vitest';
import { z } from 'zod';
import { collectRoutes, type RouteServices } from '../../../src/http/routes.ts';
import { type RunningService, startService } from '../../support/running-service.ts';
import type { TestTenant } from '../../support/test-services.ts';

/** Two tenants and every route that there is: a new route is tested here as soon as it is collected. */
const it = base
  .extend('service', { scope: 'file' }, async ({}, { onCleanup }): Promise<RunningService> => {
    const service = await startService();
    onCleanup(() => service.close());
    return service;
  })
  .extend('ours', { scope: 'file' }, ({ service }): Promise<TestTenant> => service.createTenant())
  .extend('theirs', { scope: 'file' }, ({ service }): Promise<TestTenant> => service.createTenant());

const routes = routesOfTenants();
/** A parameter that names no tenant's thing. */
const sharedParameter = /:provider\b/;

describe.each(routes.filter(({ path }) => path.replace(sharedParameter, '').includes(':')))(
  '$method $path',
  (route) => {
    const collection = route.path.split('/')[1] ?? '';
    const pathOf = (id: string) => route.path.replace(/:\w+/, id);
    const [body] = z.array(z.unknown()).catch([]).parse(route.body?.meta()?.examples);

    it('answers 404 to another tenant’s id and changes nothing', async ({ service, ours, theirs }) => {
      const make = makers()[collection];
      if (make === undefined)
        throw new Error(`how does a tenant get one of ${collection}? The makers below must say it`);
      const id = await make(service, theirs, route.path);
      const before = await settled(service, theirs);

      const stranger = await call(service, ours, route.method, pathOf(id), body);
      const nobody = await call(
        service,
        ours,
        route.method,
        pathOf('018f0000-0000-7000-8000-000000000000'),
        body,
      );
      expect(stranger.status).toBe(404);
      // To the letter as for an id that nobody has, but for the id of the request itself.
      const withoutIds = (text: string) => text.replaceAll(/[0-9a-f-]{36}/g, '');
      expect(withoutIds(stranger.text)).toBe(withoutIds(nobody.text));
      expect(await settled(service, theirs)).toEqual(before);

      const owner = await call(service, theirs, route.method, pathOf(id), body);
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

    it('shows nothing of another tenant', async ({ service, ours, theirs }) => {
      const made = await Promise.all(
        Object.values(makers()).map((make) => make(service, theirs, route.path)),
      );
      const query = queries[route.path] ?? '';
      const { status, text } = await call(service, ours, route.method, `${route.path}${query}`);
      expect(status).toBe(200);
      for (const id of [theirs.id, ...made]) expect(text).not.toContain(id);
      expect(text).not.toContain('secretive text');
    });
  },
);

/** Routes take no services before they are called, so the list is there before the servers are. */
function routesOfTenants() {
  // The handlers are never run from this list; it is read for its declarations.
  const untouched = new Proxy<RouteServices>(Object.create(null), { get: () => ({}) });
  return collectRoutes(untouched).filter(({ role }) => role !== 'superadmin');
}

async function call(
  { apiUrl }: RunningService,
  tenant: TestTenant,
  method: string,
  path: string,
  body?: unknown,
) {
  const response = await fetch(`${apiUrl}/api/v1${path}`, {
    method: method.toUpperCase(),
    headers: {
      Authorization: `Bearer ${tenant.keys.user}`,
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, text: await response.text() };
}

type Make = (service: RunningService, tenant: TestTenant, path: string) => Promise<string>;

/** How a tenant gets a thing of each collection that has ids. A new collection needs a line here. */
function makers(): Readonly<Record<string, Make>> {
  return {
    articles: async (service, tenant, path) => {
      const { text } = await call(service, tenant, 'post', '/articles', {
        title: 'Secret',
        body: 'secretive text',
        category: 'idea',
        status: path.endsWith('/publish') ? 'draft' : 'published',
        force: true,
      });
      return JSON.parse(text).data.id;
    },
    // Without a key a review is blocked, so that it can be tried again.
    reviews: async (service, tenant, path) => {
      if (path.endsWith('/retry')) await tenant.setAnthropicKey(null);
      const { text } = await call(service, tenant, 'post', '/reviews', {
        review_type: 'incident',
        summary: 'secretive text',
        findings: [{ title: 'Secret', body: 'secretive text' }],
      });
      return JSON.parse(text).data.id;
    },
    knowledge: async (service, tenant, path) => {
      await tenant.setAnthropicKey('sk-a-key-of-the-tenant');
      const { text } = await call(service, tenant, 'post', '/knowledge/ingest', {
        ...{ content: 'secretive text', source_type: 'note' },
      });
      const jobId: string = JSON.parse(text).data.id;
      if (path.endsWith('/retry'))
        await service.services.ingestionSteps.finish({ tenantId: tenant.id, jobId }, { code: 'internal' });
      return jobId;
    },
    'api-keys': async (service, tenant) => {
      const { text } = await call(service, tenant, 'post', '/api-keys', { label: 'Secret', role: 'agent' });
      return JSON.parse(text).data.id;
    },
  };
}

/** Everything that is kept of a tenant, as text. */
function everythingOf({ services }: RunningService, tenant: TestTenant) {
  return services.database.withTenant(tenant.id, async (tx) => {
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
}

/** What changes by itself: a signal that is sent late, and the time at which a key was used. */
async function settled(service: RunningService, tenant: TestTenant) {
  await service.services.outbox.drain();
  await service.services.tenants.settled();
  return everythingOf(service, tenant);
}
