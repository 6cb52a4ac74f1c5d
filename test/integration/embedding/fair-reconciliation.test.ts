import { expect } from 'vitest';
import { createBacklog } from '../../../src/embedding/backlog/backlog.ts';
import { createCutOver } from '../../../src/embedding/cut-over.ts';
import { factsOfServices } from '../../support/fixtures.ts';
import type { TestServices } from '../../support/test-services.ts';

// The services without Temporal: a signal is a call of the stand-in, and a request for a backlog a row of the outbox.
const it = factsOfServices().extend('reconciler', async ({ test }) => {
  // The facts share a database, and a run looks at all tenants.
  await test.db.rawAsOwner('truncate outbox, article_embeddings cascade');
  return createReconciler(test);
});

it('leaves idle articles to the backlog of a tenant with a hundred others under way', async ({
  test,
  tenant,
  reconciler,
}) => {
  await addArticles(test, tenant.id, { count: 101, idleMinutes: 1 });
  await addArticles(test, tenant.id, { count: 3_000, idleMinutes: 60 });
  expect(await reconciler.run()).toEqual({ signalled: {}, backlogs: [] });
});

it('signals a few idle articles of each tenant one by one, beside one that has thousands', async ({
  test,
  tenant,
  reconciler,
}) => {
  const others = [await test.createTenant(), await test.createTenant()];
  await addArticles(test, tenant.id, { count: 3_000, idleMinutes: 120 });
  for (const { id } of others) await addArticles(test, id, { count: 10, idleMinutes: 20 });
  expect(await reconciler.run()).toEqual({
    signalled: Object.fromEntries(others.map(({ id }) => [id, 10])),
    backlogs: [tenant.id],
  });
  // The signalled ones count as under way, and the backlog's request is on its way.
  expect(await reconciler.run()).toEqual({ signalled: {}, backlogs: [tenant.id] });
});

it('starts again with an article that is still idle after its signal, and counts a page of a backlog as under way', async ({
  test,
  tenant,
  reconciler,
}) => {
  await addArticles(test, tenant.id, { count: 60, idleMinutes: 60 });
  expect(await reconciler.startPage(tenant.id)).toBe(50);
  // Ten are left that no page has started, and fifty are under way.
  expect(await reconciler.run()).toEqual({ signalled: { [tenant.id]: 10 }, backlogs: [] });
});

it('wakes at the turn of a month the articles of every tenant, two thousand of each a run, as backlogs', async ({
  test,
  reconciler,
}) => {
  const [rich, poor, spent] = [
    await test.createTenant(),
    await test.createTenant(),
    await test.createTenant(),
  ];
  const parked = { status: 'blocked', reason: 'budget_exhausted', idleMinutes: 60 * 24 } as const;
  await addArticles(test, rich.id, { ...parked, count: 5_000, idleMinutes: 60 * 48 });
  await addArticles(test, poor.id, { ...parked, count: 3 });
  await addArticles(test, spent.id, { ...parked, count: 3 });
  await exhaust(test, spent.id);

  expect(await reconciler.run()).toEqual({ signalled: {}, backlogs: [poor.id, rich.id].toSorted() });
  expect(await countPending(test, poor.id)).toBe(3);
  expect(await countPending(test, rich.id)).toBe(2_000);
  await reconciler.forgetRequests();
  // The running backlog comes to these by itself: a signal would make it begin again.
  expect(await reconciler.run()).toEqual({ signalled: {}, backlogs: [] });
  expect(await countPending(test, rich.id)).toBe(4_000);
  expect(await reconciler.run()).toEqual({ signalled: {}, backlogs: [rich.id] });
  expect(await countPending(test, rich.id)).toBe(5_000);
  expect(await countPending(test, spent.id)).toBe(0);
});

it('leaves out a tenant that has no connection to spare, and serves the others', async ({ test, tenant }) => {
  const [parked, idle] = [await test.createTenant(), await test.createTenant()];
  const blocked = { status: 'blocked', reason: 'budget_exhausted', idleMinutes: 60 } as const;
  await addArticles(test, parked.id, { ...blocked, count: 3 });
  await addArticles(test, idle.id, { count: 2, idleMinutes: 60 });
  await addArticles(test, tenant.id, { ...blocked, count: 3 });
  await addArticles(test, tenant.id, { count: 2, idleMinutes: 60 });
  const { database } = test.services;
  const reconciler = createReconciler(test, {
    ...database,
    withTenant: (tenantId, ...work) =>
      tenantId === tenant.id ? Promise.reject(new Error('busy')) : database.withTenant(tenantId, ...work),
  });
  const { signalled, backlogs } = await reconciler.run();
  expect(signalled).toEqual({ [idle.id]: 2 });
  expect(backlogs).toContain(parked.id);
});

/** The sweep with a stand-in for Temporal. */
function createReconciler({ services, db }: TestServices, database = services.database) {
  const { outbox, providerKeys: keys, usage } = services;
  let signalled: Record<string, number> = {};
  const backlog = createBacklog({
    ...{ database, outbox, keys, usage, cutOverWhenComplete: createCutOver({ outbox }) },
    log: { warn: () => undefined },
    starter: {
      sendBacklogArticle: async (tenantId) => {
        signalled[tenantId] = (signalled[tenantId] ?? 0) + 1;
      },
    },
  });
  return {
    /** One run: the articles that it has signalled by tenant, and the tenants whose backlogs are requested. */
    async run() {
      signalled = {};
      await backlog.requeueStuck();
      const rows = await db.rawAsOwner(`select tenant_id from outbox where kind = 'backlog' order by 1`);
      return { signalled, backlogs: rows.map(({ tenant_id }) => tenant_id) };
    },
    startPage: async (tenantId: string) => (await backlog.startPage(tenantId, undefined)).started,
    forgetRequests: () => db.rawAsOwner('delete from outbox'),
  };
}

/** Published articles in this state of their embedding. */
const addArticles = (
  { db }: TestServices,
  tenantId: string,
  {
    count,
    idleMinutes,
    status = 'pending',
    reason = null,
  }: {
    readonly count: number;
    readonly idleMinutes: number;
    readonly status?: string;
    readonly reason?: string | null;
  },
) =>
  db.rawAsOwner(
    `with written as (
       insert into articles (tenant_id, id, title, body, category, status, content_hash)
       select $1, gen_random_uuid(), 'T', '', 'finding', 'published', 'x' from generate_series(1, $2::int)
       returning tenant_id, id
     )
     insert into article_embeddings (tenant_id, article_id, status, reason, updated_at)
     select tenant_id, id, $3, $4, now() - $5 * interval '1 minute' from written`,
    [tenantId, count, status, reason, idleMinutes],
  );

const exhaust = ({ db }: TestServices, tenantId: string) =>
  db.rawAsOwner(
    `insert into monthly_usage (tenant_id, month, exhausted_at)
     values ($1, date_trunc('month', now() at time zone 'UTC')::date, now())`,
    [tenantId],
  );

async function countPending({ db }: TestServices, tenantId: string): Promise<unknown> {
  const [row] = await db.rawAsOwner(
    `select count(*)::int as count from article_embeddings where tenant_id = $1 and status = 'pending'`,
    [tenantId],
  );
  return row?.count;
}
