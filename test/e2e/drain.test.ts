import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, inject, it, vi } from 'vitest';
import { readAnswer } from '../support/answer.ts';
import { type CuttableLink, createCuttableLink } from '../support/cuttable-link.ts';
import { type MainProcess, startMainProcess } from '../support/main-process.ts';
import { createSilentLink, type SilentLink } from '../support/silent-link.ts';
import { createTestServices, type TestServices, type TestTenant } from '../support/test-services.ts';

// Processes that are told to end, or to begin, while a server that they need does not answer.
let test: TestServices;
let tenant: TestTenant;
let dir: string;
let articleId: string;
const open: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  test = await createTestServices({ TEMPORAL_ADDRESS: '127.0.0.1:1' });
  tenant = await test.createTenant();
  const { article } = await test.services.articles.create(tenant.actor, {
    title: 'Locked',
    body: 'Somebody holds this row.',
    ...{ category: 'idea', tags: [], status: 'draft', sourceType: null, metadata: {}, force: true },
  });
  articleId = article.id;
}, 120_000);
afterAll(() => test.close());
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
}, 120_000);

it('the API ends within 25 s while a statement hangs, and leaves none behind', async () => {
  const api = await start('api', {
    DATABASE_URL: test.db.applicationUrl,
    // So that only the drain can end it.
    DATABASE_STATEMENT_TIMEOUT_MS: '3600000',
  });
  await lockArticle();
  const cut = edit(api).then(
    () => 'answered',
    () => 'cut off',
  );
  await vi.waitUntil(async () => (await waitingForLock()).length === 1, { timeout: 30_000 });
  const { reason, ms } = await api.terminate();
  expect(reason).toBe('ended with code 0');
  expect(ms).toBeLessThan(25_000);
  expect(await cut).toBe('cut off');
  expect(cutOffIn(await api.readLog())).toEqual([{ requests: 1 }]);
  expect(await waitingForLock()).toEqual([]);
}, 180_000);

it('the API answers again within 10 s of its connections’ silence, and ends within 25 s of another', async () => {
  const link = await openSilentLink();
  const api = await start('api', { DATABASE_URL: link.url });
  // Some connections at rest.
  const first = await Promise.all(Array.from({ length: 6 }, () => get(api)));
  expect(first.map(({ status }) => status)).toEqual(Array.from({ length: 6 }, () => 200));

  link.silence();
  const since = performance.now();
  const statuses = new Set<number>();
  const works = async () => {
    const answers = await Promise.all(Array.from({ length: 4 }, () => get(api)));
    for (const { status } of answers) statuses.add(status);
    return answers.every(({ status }) => status === 200);
  };
  await vi.waitUntil(works, { timeout: 60_000 });
  expect(performance.now() - since).toBeLessThan(10_000);
  expect([...statuses].filter((status) => status !== 200 && status !== 503)).toEqual([]);

  link.silence();
  const cut = get(api).catch(() => undefined);
  await delay(200);
  const { reason, ms } = await api.terminate();
  expect(reason).toBe('ended with code 0');
  expect(ms).toBeLessThan(25_000);
  await cut;
}, 180_000);

it('a worker listens before it reaches Temporal, says that it is not ready, and is once Temporal is there', async () => {
  const link: CuttableLink = await createCuttableLink(`http://${inject('temporalAddress')}`);
  open.push(() => link.close());
  await link.cut();
  const worker = await start('worker', {
    DATABASE_URL: test.db.applicationUrl,
    TEMPORAL_ADDRESS: new URL(link.url).host,
  });
  const readiness = async () => {
    const answer = await readAnswer(await fetch(`${worker.url}/readyz`));
    return { status: answer.status, body: answer.body };
  };
  const away = await readiness();
  expect(away).toMatchObject({ status: 503, body: { status: 'not_ready' } });
  expect(away.body.dependencies).toContainEqual(expect.objectContaining({ name: 'temporal', ok: false }));
  await vi.waitUntil(async () => (await worker.readLog()).includes('Temporal cannot be reached'), {
    timeout: 60_000,
  });
  await link.restore();
  await vi.waitUntil(async () => (await readiness()).status === 200, { timeout: 60_000, interval: 200 });
  expect(await worker.terminate()).toMatchObject({ reason: 'ended with code 0' });
}, 180_000);

it('a worker that has never reached Temporal ends at once', async () => {
  const worker = await start('worker', {
    DATABASE_URL: test.db.applicationUrl,
    TEMPORAL_ADDRESS: '127.0.0.1:1',
  });
  const { reason, ms } = await worker.terminate();
  expect(reason).toBe('ended with code 0');
  expect(ms).toBeLessThan(25_000);
}, 120_000);

it('a worker whose database has fallen silent ends within 70 s', async () => {
  const link = await openSilentLink();
  const worker = await start('worker', { DATABASE_URL: link.url });
  await vi.waitUntil(async () => (await fetch(`${worker.url}/readyz`)).ok, {
    timeout: 60_000,
    interval: 200,
  });
  link.silence();
  const { reason, ms } = await worker.terminate();
  expect(reason).toBe('ended with code 0');
  expect(ms).toBeLessThan(70_000);
}, 180_000);

async function start(name: 'api' | 'worker', env: Readonly<Record<string, string>>): Promise<MainProcess> {
  dir = await mkdtemp(join(tmpdir(), 'lorekeep-drain-'));
  open.push(() => rm(dir, { recursive: true, force: true }));
  const started = await startMainProcess({ name, dir, env });
  open.push(() => started.stop());
  return started;
}

async function openSilentLink(): Promise<SilentLink> {
  const link = await createSilentLink(test.db.applicationUrl);
  open.push(() => link.close());
  return link;
}

const headers = () => ({ authorization: `Bearer ${tenant.keys.user}`, 'content-type': 'application/json' });
const get = (api: MainProcess) => fetch(`${api.url}/api/v1/articles/${articleId}`, { headers: headers() });
const edit = (api: MainProcess) =>
  fetch(`${api.url}/api/v1/articles/${articleId}`, {
    method: 'PATCH',
    headers: headers(),
    body: JSON.stringify({ title: `Edited ${Math.random()}` }),
  });

/** Locks the article's row, so that a statement on it hangs. */
async function lockArticle(): Promise<void> {
  const owner = new pg.Client({ connectionString: test.db.ownerUrl });
  await owner.connect();
  open.push(() => owner.end());
  await owner.query(`begin; select set_config('app.tenant_id', '${tenant.id}', true)`);
  await owner.query('select 1 from articles where id = $1 for update', [articleId]);
}

const waitingForLock = () =>
  test.db.rawAsOwner(
    `select pid from pg_stat_activity where application_name = 'lorekeep-api' and wait_event_type = 'Lock'`,
  );
const cutOffIn = (log: string) =>
  log
    .split('\n')
    .filter((line) => line.includes('work was cut off'))
    .map((line) => JSON.parse(line).cut_off);
