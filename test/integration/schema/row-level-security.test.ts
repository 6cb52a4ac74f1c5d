import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import { createActivities } from '../../../activities/index.ts';
import { issueCursor } from '../../../src/search/client-cursor.ts';
import { keepBought } from '../../../src/vectors/chunk-purchases.ts';
import { noteRefusal } from '../../../src/vectors/refusals/chunk-refusals.ts';
import { createArticle } from '../../support/articles.ts';
import { factsOfServices } from '../../support/fixtures.ts';
import { type ProviderTwin, twinKey } from '../../support/provider-twin.ts';
import { targetOf } from '../../support/targets.ts';
import type { TestServices, TestTenant } from '../../support/test-services.ts';

const it = factsOfServices(({ twin }) => ({ ANTHROPIC_BASE_URL: twin.anthropicBaseUrl }));

describe('the catalogue', () => {
  it('enables row-level security on every table but those of the migrations', async ({ test }) => {
    const rows = await test.db.rawAsOwner(
      `select relname from pg_class
        where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
          and not relrowsecurity order by 1`,
    );
    expect(rows.map(({ relname }) => relname)).toEqual(platformTables);
  });

  it('forces it on the owner too, but on the words of articles, which functions of the owner search by their index', async ({
    test,
  }) => {
    const rows = await test.db.rawAsOwner(
      `select relname from pg_class
        where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
          and relrowsecurity and not relforcerowsecurity order by 1`,
    );
    expect(rows.map(({ relname }) => relname)).toEqual(['article_words']);
  });

  it('has on each of them a policy that checks the tenant for reading and for writing', async ({ test }) => {
    const rows = await test.db.rawAsOwner(
      `select tablename from pg_policies
        where policyname = 'tenant_isolation' and cmd = 'ALL' and permissive = 'PERMISSIVE'
          and qual like '%app.tenant_id%' and with_check like '%app.tenant_id%' order by 1`,
    );
    expect(rows.map(({ tablename }) => tablename)).toEqual(await tenantTables(test));
  });

  it('opens no other way in but the login by hash, reconciliation, the superadmin’s answers, and retention, metrics and index builds that only read', async ({
    test,
  }) => {
    const rows = await test.db.rawAsOwner(
      `select tablename, policyname, cmd from pg_policies where policyname <> 'tenant_isolation' order by 1, 2`,
    );
    expect(rows).toEqual([
      { tablename: 'api_keys', policyname: 'login_by_hash', cmd: 'SELECT' },
      { tablename: 'article_classifications', policyname: 'reconcile_scope', cmd: 'SELECT' },
      { tablename: 'article_embeddings', policyname: 'metrics_scope', cmd: 'SELECT' },
      { tablename: 'article_embeddings', policyname: 'reconcile_scope', cmd: 'ALL' },
      { tablename: 'audit_log', policyname: 'retention_scope', cmd: 'SELECT' },
      { tablename: 'breakers', policyname: 'metrics_scope', cmd: 'SELECT' },
      { tablename: 'chunk_purchases', policyname: 'retention_scope', cmd: 'SELECT' },
      { tablename: 'chunk_refusals', policyname: 'retention_scope', cmd: 'SELECT' },
      { tablename: 'chunk_vectors', policyname: 'retention_scope', cmd: 'SELECT' },
      { tablename: 'daily_key_usage', policyname: 'reconcile_scope', cmd: 'ALL' },
      { tablename: 'daily_key_usage', policyname: 'retention_scope', cmd: 'SELECT' },
      { tablename: 'embedding_spaces', policyname: 'indexing_scope', cmd: 'SELECT' },
      { tablename: 'embedding_spaces', policyname: 'retention_scope', cmd: 'SELECT' },
      { tablename: 'extraction_answers', policyname: 'retention_scope', cmd: 'SELECT' },
      { tablename: 'idempotency_keys', policyname: 'admin_scope', cmd: 'ALL' },
      { tablename: 'idempotency_keys', policyname: 'retention_scope', cmd: 'SELECT' },
      { tablename: 'ingestion_documents', policyname: 'retention_scope', cmd: 'SELECT' },
      { tablename: 'ingestion_jobs', policyname: 'metrics_scope', cmd: 'SELECT' },
      { tablename: 'ingestion_jobs', policyname: 'reconcile_scope', cmd: 'ALL' },
      { tablename: 'monthly_usage', policyname: 'reconcile_scope', cmd: 'ALL' },
      { tablename: 'monthly_usage', policyname: 'retention_scope', cmd: 'SELECT' },
      { tablename: 'outbox', policyname: 'metrics_scope', cmd: 'SELECT' },
      { tablename: 'outbox', policyname: 'reconcile_scope', cmd: 'ALL' },
      { tablename: 'provider_calls', policyname: 'metrics_scope', cmd: 'SELECT' },
      { tablename: 'provider_calls', policyname: 'reconcile_scope', cmd: 'ALL' },
      { tablename: 'provider_calls', policyname: 'retention_scope', cmd: 'SELECT' },
      { tablename: 'provider_limits', policyname: 'metrics_scope', cmd: 'SELECT' },
      { tablename: 'provider_limits', policyname: 'reconcile_scope', cmd: 'SELECT' },
      { tablename: 'reviews', policyname: 'metrics_scope', cmd: 'SELECT' },
      { tablename: 'reviews', policyname: 'reconcile_scope', cmd: 'ALL' },
      { tablename: 'search_cursors', policyname: 'retention_scope', cmd: 'SELECT' },
      { tablename: 'unused_chunks', policyname: 'retention_scope', cmd: 'SELECT' },
      { tablename: 'usage_daily_sums', policyname: 'retention_scope', cmd: 'SELECT' },
      { tablename: 'usage_ledger', policyname: 'metrics_scope', cmd: 'SELECT' },
      { tablename: 'usage_ledger', policyname: 'reconcile_scope', cmd: 'ALL' },
      { tablename: 'usage_ledger', policyname: 'retention_scope', cmd: 'SELECT' },
      { tablename: 'word_versions', policyname: 'reconcile_scope', cmd: 'SELECT' },
    ]);
  });

  it('names the tenant first in every primary key and foreign key', async ({ test }) => {
    const rows = await test.db.rawAsOwner(
      `select c.conrelid::regclass::text as table, c.conname, c.contype, a.attname
         from pg_constraint c
         join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
        where c.contype in ('p', 'f') and c.connamespace = 'public'::regnamespace
          and a.attname <> 'tenant_id'`,
    );
    const strangers = rows.filter(({ table }) => !platformTables.includes(String(table)));
    expect(strangers.map(({ table, attname }) => `${table}.${attname}`)).toEqual(['tenants.id']);
  });
});

describe('the application’s login', () => {
  it('owns nothing, is no superuser and cannot bypass the policies', async ({ test }) => {
    const [role] = await test.db.rawAsApplication(
      `select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb,
              (select count(*) from pg_class where relowner = r.oid)::int as owns
         from pg_roles r where rolname = current_user`,
    );
    expect(role).toEqual({
      rolsuper: false,
      rolbypassrls: false,
      rolcreaterole: false,
      rolcreatedb: false,
      owns: 0,
    });
  });

  it('sees no row of any table without naming a tenant, and none of another tenant than it names', async ({
    twin,
    test,
  }) => {
    const tenant = await busyTenant(twin, test);
    const stranger = await test.createTenant();
    for (const table of await tenantTables(test)) {
      const count = `select count(*)::int as rows from ${table}`;
      const its = `${count} where ${table === 'tenants' ? 'id' : 'tenant_id'} = '${tenant.id}'`;
      const [there] = await test.db.rawAsOwner(its);
      expect(there?.rows, `${table}, as its owner`).toBeGreaterThan(0);
      const [unnamed] = await test.db.rawAsApplication(count);
      expect(unnamed, table).toEqual({ rows: 0 });
      const another = await test.services.database.withTenant(stranger.id, (tx) => tx.raw(its));
      expect(another.rows, table).toEqual([{ rows: 0 }]);
    }
  });

  it('cannot write a row for another tenant than the one it has named', async ({ test }) => {
    const tenant = await test.createTenant();
    const writing = test.services.database.withTenant(randomUUID(), (tx) =>
      tx('audit_log').insert({
        tenant_id: tenant.id,
        actor_label: 'x',
        actor_role: 'user',
        action: 'x',
        subject_kind: 'x',
        subject_id: 'x',
      }),
    );
    await expect(writing).rejects.toMatchObject({ code: '42501' });
  });

  it('carries no tenant over to the next use of a pooled connection', async ({ test }) => {
    const tenant = await test.createTenant();
    await test.services.database.withTenant(tenant.id, (tx) => tx('tenants').count());
    for (let i = 0; i < 12; i += 1) {
      const rows = await test.services.database.withScope('reconcile', (tx) => tx('tenants').select('id'));
      expect(rows).toEqual([]);
    }
  });

  it('reads in the scope of the metrics, and writes nothing there', async ({ test }) => {
    const tenant = await test.createTenant();
    const { database } = test.services;
    await database.withTenant(tenant.id, (tx) =>
      tx('outbox').insert({ tenant_id: tenant.id, kind: 'backlog', subject_id: tenant.id }),
    );
    const within = <T>(work: Parameters<typeof database.withScope<T>>[1]) =>
      database.withScope('metrics', work);
    expect(await within((tx) => tx('outbox').where({ tenant_id: tenant.id }))).toHaveLength(1);
    expect(await within((tx) => tx('outbox').update({ version: 0 }))).toBe(0);
    expect(await within((tx) => tx('outbox').delete())).toBe(0);
    for (const hidden of ['articles', 'provider_keys', 'audit_log', 'tenants', 'chunk_vectors']) {
      expect(await within((tx) => tx(hidden).select('*')), hidden).toEqual([]);
    }
  });

  describe('in the scope of the superadmin', () => {
    const nil = '00000000-0000-0000-0000-000000000000';
    const answer = (tenantId: string, key: string) => ({
      ...{ tenant_id: tenantId, key, request_hash: 'a-hash', status: 201, body: '{}' },
    });

    it('reads and writes the answers under the nil uuid beside the rows of the tenant that it has named', async ({
      test,
    }) => {
      const tenant = await test.createTenant();
      const { database } = test.services;
      const key = randomUUID();
      await database.withTenantAsAdmin(tenant.id, async (tx) => {
        await tx('idempotency_keys').insert([answer(nil, key), answer(tenant.id, key)]);
        expect(await tx('idempotency_keys').where({ key }).update({ status: 200 })).toBe(2);
        expect(await tx('tenants').pluck('id')).toEqual([tenant.id]);
      });
      const kept = await database.withTenant(nil, (tx) => tx('idempotency_keys').where({ key }));
      expect(kept).toMatchObject([{ tenant_id: nil, status: 200 }]);
      expect(
        await database.withTenantAsAdmin(tenant.id, (tx) => tx('idempotency_keys').where({ key }).delete()),
      ).toBe(2);
    });

    it('sees and changes nothing of another tenant in any table', async ({ twin, test }) => {
      const busy = await busyTenant(twin, test);
      const stranger = await test.createTenant();
      const { database } = test.services;
      for (const table of await tenantTables(test)) {
        const column = table === 'tenants' ? 'id' : 'tenant_id';
        const [there] = await test.db.rawAsOwner(
          `select count(*)::int as rows from ${table} where ${column} = '${busy.id}'`,
        );
        expect(there?.rows, `${table}, as its owner`).toBeGreaterThan(0);
        const open = table === 'idempotency_keys' ? [stranger.id, nil] : [stranger.id];
        const seen = await database.withTenantAsAdmin(stranger.id, (tx) =>
          tx(table).whereNotIn(column, open),
        );
        expect(seen, table).toEqual([]);
      }
      await database.withTenantAsAdmin(stranger.id, async (tx) => {
        const its = () => tx('idempotency_keys').where({ tenant_id: busy.id });
        expect(await its().update({ status: 500 })).toBe(0);
        expect(await its().delete()).toBe(0);
      });
    });

    it.for(['insert', 'move'])('cannot %s an answer to another tenant', async (way, { test }) => {
      const [tenant, other] = [await test.createTenant(), await test.createTenant()];
      const { database } = test.services;
      const writing = database.withTenantAsAdmin(tenant.id, async (tx) => {
        const key = randomUUID();
        if (way === 'insert') return tx('idempotency_keys').insert(answer(other.id, key));
        await tx('idempotency_keys').insert(answer(nil, key));
        return tx('idempotency_keys').where({ key }).update({ tenant_id: other.id });
      });
      await expect(writing).rejects.toMatchObject({ code: '42501' });
    });

    it('is the only way to those answers for a transaction that has named a tenant', async ({ test }) => {
      const tenant = await test.createTenant();
      const { database } = test.services;
      const key = randomUUID();
      await database.withTenantAsAdmin(tenant.id, (tx) => tx('idempotency_keys').insert(answer(nil, key)));
      expect(await database.withTenant(tenant.id, (tx) => tx('idempotency_keys').where({ key }))).toEqual([]);
      const writing = database.withTenant(tenant.id, (tx) =>
        tx('idempotency_keys').insert(answer(nil, randomUUID())),
      );
      await expect(writing).rejects.toMatchObject({ code: '42501' });
    });
  });

  it.for(['update audit_log set action = 1::text', 'delete from audit_log', 'truncate audit_log'])(
    'may not %s',
    async (statement, { test }) => {
      await expect(test.db.rawAsApplication(statement)).rejects.toMatchObject({ code: '42501' });
    },
  );
});

describe('the audit log', () => {
  it.for(['update audit_log set action = 1::text', 'delete from audit_log', 'truncate audit_log'])(
    'refuses to %s even to its owner',
    async (statement, { test }) => {
      await test.createTenant('sk-some-key-of-a-tenant');
      await expect(test.db.rawAsOwner(statement)).rejects.toMatchObject({ code: '23001' });
    },
  );
});

/** Tables without a tenant's rows in them. */
const platformTables = ['knex_migrations', 'knex_migrations_lock'];

async function tenantTables(test: TestServices): Promise<string[]> {
  const rows = await test.db.rawAsOwner(
    `select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') order by 1`,
  );
  return rows.map(({ relname }) => String(relname)).filter((name) => !platformTables.includes(name));
}

/** A tenant that has a row in every table: it has done a bit of everything. */
async function busyTenant(twin: ProviderTwin, test: TestServices): Promise<TestTenant> {
  const { idempotency, llmConfig, search } = test.services;
  const key = twinKey();
  const tenant = await test.createTenant();
  const searched = () =>
    search.search(tenant.id, {
      ...{ q: 'some words', mode: 'semantic', tags: [], limit: 5, apiKeyId: tenant.actor.keyId },
    });
  await searched();
  await tenant.setEmbeddingKey(key);
  await llmConfig.update(tenant.actor, { monthly_token_budget: 1_000_000 });

  const article = await createArticle(test, tenant);
  const other = await createArticle(test, tenant, { category: null });
  const [first = '', second = ''] = [article.articleId, other.articleId].sort();
  await test.services.database.withTenant(tenant.id, async (tx) => {
    await tx('article_links').insert({ tenant_id: tenant.id, from_id: first, into_id: second });
    await tx('article_merges').insert({
      ...{ tenant_id: tenant.id, first_id: first, second_id: second },
      ...{ claim_id: randomUUID(), leased_until: new Date() },
    });
  });
  await tenant.setAnthropicKey(twinKey());
  const queued = await test.services.ingestion.queue(tenant.actor, {
    ...{ document: { kind: 'text', text: 'A document.' }, title: null },
    ...{ sourceType: 'note', publish: false, maxArticles: 1, metadata: {} },
  });
  if (queued.kind !== 'queued') throw new Error(queued.kind);
  const steps = createActivities(test.services);
  const part = { tenantId: tenant.id, jobId: queued.job.id, part: 0, half: 0 } as const;
  await steps.prepareDocument(part);
  await steps.extractPart(part);
  await steps.makeArticles(part);
  await test.services.database.withTenant(tenant.id, (tx) =>
    tx('reviews').insert({
      ...{ tenant_id: tenant.id, id: randomUUID(), review_type: 'x', summary: 'x', findings: '[]' },
      ...{ actor_label: 'x', actor_role: 'user' },
    }),
  );
  const resolved = await steps.resolveEmbeddingKey(article);
  if (resolved.kind !== 'reference') throw new Error(resolved.kind);
  const check = await steps.checkContentHash({ ...article, key: resolved.key });
  if (check.kind !== 'missing') throw new Error(check.kind);
  await steps.generateEmbedding({ ...article, key: resolved.key, contentHash: check.contentHash });
  await steps.recordUsage(article);
  const long = await createArticle(test, tenant, { body: 'A few words. '.repeat(2_000) });
  await steps.checkContentHash({ ...long, key: resolved.key });

  const limited = { 'x-ratelimit-remaining-requests': '9' };
  twin.script(key, [{ kind: 'status', status: 500, headers: limited }]);
  await searched();
  const longCursor = { served: 'semantic', seenIds: 'A'.repeat(2_000) } as const;
  const longSearch = { q: 'some words', mode: 'semantic' } as const;
  await issueCursor(test.services.database, tenant.id, longSearch, longCursor);
  await idempotency.storeAfterwards(
    { tenantId: tenant.id, key: 'a-key', requestHash: 'a-hash', secretFields: [] },
    { kind: 'reply', status: 204 },
  );
  await test.services.database.withTenant(tenant.id, (tx) =>
    keepBought(
      tx,
      tenant.id,
      { target: targetOf('a-model'), chunkerVersion: 1 },
      new Map([['a-hash', [1, 2]]]),
    ),
  );
  await test.services.database.withTenant(tenant.id, (tx) =>
    noteRefusal(
      tx,
      tenant.id,
      { kind: { target: targetOf('a-model'), chunkerVersion: 1 }, hashes: ['a-hash'] },
      { cause: 'input', isWell: false },
    ),
  );
  await test.services.database.withTenant(tenant.id, (tx) =>
    tx.raw('insert into search_cursors (tenant_id, id, cursor) values (?, ?, ?)', [
      ...[tenant.id, randomUUID(), '{}'],
    ]),
  );
  await test.services.database.withTenant(tenant.id, async (tx) => {
    await tx.raw(
      'insert into unused_chunks select tenant_id, space_id, article_id, chunk_hash from chunk_vectors where tenant_id = ?',
      [tenant.id],
    );
    await tx('usage_daily_sums').insert({
      ...{ tenant_id: tenant.id, day: '2026-01-31', operation: 'embedding', provider: 'embedding' },
      ...{ model: 'm', source: 'gate', input_tokens: 1, output_tokens: 0 },
      ...{ calls: 1, estimated_calls: 0, unknown_calls: 0 },
    });
  });
  await haveKnowledgeCome(test, tenant);
  return tenant;
}

/** The rows of documents, of reviews and of what the model has said about them. */
async function haveKnowledgeCome({ services }: TestServices, { id, actor }: TestTenant): Promise<void> {
  await services.reviews.create(actor, {
    ...{ reviewType: 'incident', summary: 'A summary.' },
    findings: [{ title: 'A finding', body: 'What was found.' }],
  });
  const jobId = randomUUID();
  const passage = { tenant_id: id, subject_kind: 'ingestion', subject_id: jobId, part: 0, half: 0 };
  await services.database.withTenant(id, async (tx) => {
    await tx('ingestion_jobs').insert({
      ...{ tenant_id: id, id: jobId, source_kind: 'text', content_hash: 'a-hash', source_bytes: 1 },
      ...{ source_type: 'note', publish: false, max_articles: 10, actor_label: 'x', actor_role: 'user' },
    });
    await tx('ingestion_documents').insert({ tenant_id: id, job_id: jobId, wrapped_key: 'x', about: 'x' });
    await tx('ingestion_parts').insert({ tenant_id: id, job_id: jobId, part: 0 });
    await tx('extraction_answers').insert({ ...passage, code: 'answer_refused' });
    await tx('extraction_articles').insert({ ...passage, number: 0, outcome: 'invalid' });
  });
}
