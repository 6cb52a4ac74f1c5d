import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { Registry } from 'prom-client';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { cancellation, uncancelled } from '../../../src/platform/async/cancellation.ts';
import { reply, route } from '../../../src/platform/http/route.ts';
import { DatabaseUnavailable, RequestEnded } from '../../../src/platform/postgres/unavailable.ts';
import { createShare, type Share } from '../../../src/platform/shares/share.ts';
import { createMetrics } from '../../../src/platform/telemetry/metrics.ts';
import { heldRoute } from '../../support/held-route.ts';
import { keyOf, startTinyApp, type TinyApp, tinyRoutes } from '../../support/tiny-app.ts';
import { waitUntil } from '../../support/wait-until.ts';

const apps: TinyApp[] = [];
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
});

async function start(deps: Parameters<typeof startTinyApp>[0]): Promise<TinyApp> {
  const app = await startTinyApp(deps);
  apps.push(app);
  return app;
}

const shareOf = (sizes: Partial<Parameters<typeof createShare>[0]> = {}): Share =>
  createShare({ name: 'requests', total: 10, perTenant: 2, maxWaiting: 0, waitMs: 0, ...sizes });

describe('requests under way', () => {
  it('are counted by tenant, whatever keys they come with, and another tenant has its own', async () => {
    const held = heldRoute();
    const app = await start({ routes: held.routes, requests: shareOf() });
    const first = ['agent', 'orchestrator'] as const;
    const answers = first.map((role) => app.call('GET', '/held', { key: keyOf(role) }));
    await waitUntil(() => held.underWay() === 2);
    const refused = await app.call('GET', '/notes', { key: keyOf('user') });
    expect(refused).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
    expect(refused.headers.get('retry-after')).toBe('1');
    expect((await app.call('GET', '/notes', { key: keyOf('other') })).status).toBe(200);
    held.letGo();
    for (const answer of await Promise.all(answers)) expect(answer.status).toBe(200);
    expect((await app.call('GET', '/notes', { key: keyOf('user') })).status).toBe(200);
  });

  it('wait for a moment before they are refused', async () => {
    const held = heldRoute();
    const app = await start({ routes: held.routes, requests: shareOf({ maxWaiting: 10, waitMs: 60_000 }) });
    const answers = Array.from({ length: 8 }, () => app.call('GET', '/held', { key: keyOf('agent') }));
    await waitUntil(() => held.underWay() === 2);
    await delay(50);
    expect(held.mostUnderWay()).toBe(2);
    held.letGo();
    for (const answer of await Promise.all(answers)) expect(answer.status).toBe(200);
  });

  it('are refused before their body is read', async () => {
    const held = heldRoute();
    const app = await start({ routes: held.routes, requests: shareOf({ perTenant: 1 }) });
    const first = app.call('GET', '/held', { key: keyOf('agent') });
    await waitUntil(() => held.underWay() === 1);
    const headers = { 'content-type': 'application/json' };
    const post = () => app.call('POST', '/notes', { key: keyOf('orchestrator'), raw: '{', headers });
    expect((await post()).status).toBe(429);
    held.letGo();
    await first;
    expect((await post()).status).toBe(400);
  });

  const abandon = async (app: TinyApp, method: string) => {
    const sent = httpRequest(`${app.url}/api/v1/held`, {
      method,
      headers: { authorization: `Bearer ${keyOf('agent')}` },
    });
    sent.on('error', () => undefined);
    sent.end();
    return sent;
  };

  it('free their slot when the client goes', async () => {
    const held = heldRoute();
    const requests = shareOf();
    const app = await start({ routes: held.routes, requests });
    const sent = await abandon(app, 'GET');
    await waitUntil(() => held.underWay() === 1);
    sent.destroy();
    await waitUntil(() => requests.inUse === 0);
    expect(held.signals[0]?.aborted).toBe(true);
  });

  it('keep their slot while their work goes on, although the client has gone', async () => {
    const held = heldRoute();
    const requests = shareOf();
    const app = await start({ routes: held.routes, requests });
    const sent = await abandon(app, 'DELETE');
    await waitUntil(() => held.underWay() === 1);
    sent.destroy();
    await waitUntil(() => held.signals[0]?.aborted === true);
    expect(requests.inUse).toBe(1);
    held.letGo();
    await waitUntil(() => requests.inUse === 0);
  });

  it('keep their slot until their answer is read', async () => {
    const requests = shareOf({ perTenant: 1 });
    const big = route({
      method: 'get',
      path: '/big',
      role: 'agent',
      tag: 'held',
      summary: 'Is long',
      replies: { 200: { description: 'Long' } },
      problems: [],
      handle: async () => reply(200, { data: 'x'.repeat(20_000_000) }),
    });
    const app = await start({ routes: [...tinyRoutes(), big], requests, verifyReplies: false });
    const sent = httpRequest(`${app.url}/api/v1/big`, {
      headers: { authorization: `Bearer ${keyOf('agent')}` },
    });
    sent.end();
    const [response] = await once(sent, 'response');
    expect(requests.inUse).toBe(1);
    expect((await app.call('GET', '/notes', { key: keyOf('agent') })).status).toBe(429);
    response.resume();
    await once(response, 'end');
    await waitUntil(() => requests.inUse === 0);
  });
});

describe('requests a minute', () => {
  it('are counted by tenant besides by key', async () => {
    const limits = { requestsPerMinute: 3, tenantRequestsPerMinute: 4, refusedKeysPerMinute: 100 };
    const app = await start({ rateLimits: limits });
    const get = (role: Parameters<typeof keyOf>[0]) => app.call('GET', '/notes', { key: keyOf(role) });
    const answers = [
      await get('agent'),
      await get('agent'),
      await get('orchestrator'),
      await get('user'),
      await get('user'),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 429]);
    // The limit of which less is left: the key's at first, then the tenant's.
    expect(answers.map(({ headers }) => headers.get('ratelimit-limit'))).toEqual(['3', '3', '4', '4', '4']);
    expect(answers.map(({ headers }) => headers.get('ratelimit-remaining'))).toEqual([
      ...['2', '1', '1', '0', '0'],
    ]);
    expect(answers[4]?.body).toMatchObject({
      code: 'rate_limited',
      detail: expect.stringContaining('tenant'),
    });
    expect((await get('other')).status).toBe(200);
  });
});

describe('a database that is unavailable', () => {
  const failing = (error: () => Error) =>
    route({
      method: 'get',
      path: '/failing',
      role: 'agent',
      tag: 'failing',
      summary: 'Fails',
      replies: { 200: { description: 'Never' } },
      problems: [],
      handle: async () => {
        throw error();
      },
    });

  it('is 503 with Retry-After, in a handler and in a log-in, and no unexpected error', async () => {
    const unavailable = () => new DatabaseUnavailable('no_connection', { code: 'ECONNREFUSED' });
    const app = await start({ routes: [...tinyRoutes(), failing(unavailable)] });
    const answer = await app.call('GET', '/failing', { key: keyOf('agent') });
    expect(answer).toMatchObject({ status: 503, body: { code: 'busy' } });
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(app.logged()).toContain('"reason":"no_connection"');
    expect(app.logged()).toContain('"code":"ECONNREFUSED"');
    expect(app.logged()).not.toContain('unexpectedly');

    const nobody = await start({ authenticate: () => Promise.reject(unavailable()) });
    const login = await nobody.call('GET', '/notes', { key: keyOf('agent') });
    expect(login).toMatchObject({ status: 503, body: { code: 'busy' } });
    expect(login.headers.get('retry-after')).toBe('1');
  });

  it('is no incident where only the client has gone', async () => {
    const app = await start({ routes: [failing(() => new RequestEnded())] });
    await app.call('GET', '/failing', { key: keyOf('agent') });
    expect(app.logged()).not.toContain('unexpectedly');
  });
});

describe('what is open to everybody', () => {
  const sixty = <T>(ask: () => Promise<T>) => Promise.all(Array.from({ length: 60 }, ask));
  /** The clock by which answers are kept: it stands, so that none runs out under way. */
  const standingClock = () => {
    const clock = vi.spyOn(performance, 'now').mockReturnValue(performance.now());
    onTestFinished(() => void clock.mockRestore());
    return clock;
  };

  it('asks each dependency once, however many ask for readiness at the same time', async () => {
    const clock = standingClock();
    let checks = 0;
    const check = async () => {
      checks += 1;
      await delay(50);
      return true;
    };
    const dependency = { name: 'postgres', degrades: 'everything', required: true, check };
    const app = await start({
      dependencies: [dependency],
      rateLimits: { requestsPerMinute: 1, refusedKeysPerMinute: 1 },
    });
    const statuses = await sixty(async () => (await fetch(`${app.url}/readyz`)).status);
    expect(new Set(statuses)).toEqual(new Set([200]));
    await fetch(`${app.url}/readyz`);
    expect(checks).toBe(1);
    clock.mockReturnValue(performance.now() + 1_100);
    await fetch(`${app.url}/readyz`);
    expect(checks).toBe(2);
  });

  it('collects the metrics once, however many scrape at the same time', async () => {
    standingClock();
    const metrics = createMetrics(new Registry());
    let scrapes = 0;
    const app = await start({
      rateLimits: { requestsPerMinute: 1, refusedKeysPerMinute: 1 },
      metrics: {
        ...metrics,
        scrape: () => {
          scrapes += 1;
          return metrics.scrape();
        },
      },
    });
    const texts = await sixty(async () => (await fetch(`${app.url}/metrics`)).text());
    expect(scrapes).toBe(1);
    expect(texts.every((text) => text.includes('lorekeep_process_cpu'))).toBe(true);
  });

  it('is paced by address, at every door', async () => {
    const doors = ['/healthz', '/readyz', '/metrics', '/docs/', '/api/v1/openapi.json', '/api/v1/notes'];
    await Promise.all([...doors, '/elsewhere', '/mcp'].map(expectPace));
  });

  async function expectPace(path: string): Promise<void> {
    const app = await start({
      rateLimits: { requestsPerMinute: 100, refusedKeysPerMinute: 100, strangersPerSecond: 3 },
    });
    const startedAt = performance.now();
    const ask = async () => {
      const { status } = await fetch(`${app.url}${path}`);
      return { status, ms: performance.now() - startedAt };
    };
    const answers = await Promise.all(Array.from({ length: 8 }, ask));
    const refused = answers.filter(({ status }) => status === 429);
    const allowed = answers.filter(({ status }) => status !== 429);
    // Three a second: on a busy machine one may end under way.
    const seconds = 1 + Math.floor(Math.max(...allowed.map(({ ms }) => ms)) / 1_000);
    expect(allowed.length, path).toBeGreaterThanOrEqual(3);
    expect(allowed.length, path).toBeLessThanOrEqual(3 * seconds);
    for (const { ms } of refused) expect(ms, path).toBeGreaterThan(900);
    // With a key nothing of it is met.
    expect((await app.call('GET', '/notes', { key: keyOf('agent') })).status, path).toBe(200);
  }
});

it('work outside of a request is cancelled by none', () => {
  expect(cancellation()).toBeUndefined();
  expect(uncancelled(() => cancellation())).toBeUndefined();
});
