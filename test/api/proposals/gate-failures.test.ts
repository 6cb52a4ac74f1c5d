import { describe, expect, inject } from 'vitest';
import { guidanceOf } from '../../../src/domain/failures.ts';
import type { Proposals } from '../../../src/proposals/gate.ts';
import { type CuttableLink, createCuttableLink } from '../../support/cuttable-link.ts';
import { twinMarker } from '../../support/provider-twin.ts';
import { eventually, type RunningService, startService } from '../../support/running-service.ts';
import { targetOf } from '../../support/targets.ts';
import { type ArticleApi, startArticleApi } from '../articles/article-api.ts';
import { axis, sections } from './gate-api.ts';
import { troubles } from './gate-troubles.ts';
import { factsOfProposals } from './proposal-facts.ts';

// Whatever fails, the article is written as it was asked for, and the answer says why the gate has not decided.
const it = factsOfProposals()
  .extend('vault', { scope: 'file' }, async ({}, { onCleanup }): Promise<CuttableLink> => {
    const vault = await createCuttableLink(inject('vaultAddr'));
    onCleanup(() => vault.close());
    return vault;
  })
  .extend('service', async ({ twin, vault }, { onCleanup }): Promise<RunningService> => {
    const service = await startService({
      ...{ EMBEDDING_BASE_URL: twin.baseUrl, EMBEDDING_DEFAULT_MODEL: 'a-model', VAULT_ADDR: vault.url },
      ...{ EMBEDDING_TIMEOUT_MS: '800', GUARD_TIMEOUT_MS: '1500' },
    });
    onCleanup(() => service.close());
    return service;
  })
  .extend('startApi', async ({}, { onCleanup }) => {
    const started: ArticleApi[] = [];
    onCleanup(async () => {
      for (const api of started) await api.close();
    });
    return async (proposals: Proposals, gateTimeoutMs?: number): Promise<ArticleApi> => {
      const api = await startArticleApi({}, proposals, gateTimeoutMs);
      started.push(api);
      return api;
    };
  });

describe('a proposal whose author', () => {
  it.for(troubles)(
    '$name is written as asked: $reason',
    async (trouble, { proposer, twin, service, vault }) => {
      const { begin, end, reason, calls, retryAt } = trouble;
      const scene = { proposer, twin, service, vault };
      await begin(scene);
      const before = proposer.calls();
      try {
        const fields = { title: 'Written all the same', tags: ['kept'], metadata: { kept: true } };
        const startedAt = Date.now();
        const answer = await proposer.post({ ...fields, status: 'draft' });
        expect(answer.status).toBe(201);
        expect(answer.body.data).toMatchObject({ ...fields, status: 'draft', revision: 1 });
        expect(answer.body.meta).toEqual({
          gate: {
            verdict: 'unknown',
            similarity: null,
            nearest: [],
            reason,
            ...guidanceOf(reason),
            ...(retryAt ? { retry_at: expect.any(String) } : {}),
          },
        });
        if (retryAt) expect(Date.parse(answer.body.meta.gate.retry_at)).toBeGreaterThan(startedAt);
        expect(JSON.stringify(answer.body)).not.toContain(twinMarker);
        expect(proposer.calls() - before).toBe(calls);
      } finally {
        await end?.(scene);
      }
    },
  );
});

describe('a proposal whose provider never answers', () => {
  it('is written once its call times out, and embedded by its workflow later', async ({
    service,
    twin,
    proposer,
  }) => {
    twin.script(proposer.key, [{ kind: 'hang' }]);
    const answer = await proposer.post();
    expect(answer.body.data.embedding.status).toBe('pending');
    expect(answer.body.meta.gate.reason).toBe('provider_timeout');
    const worker = await service.startWorker();
    try {
      await eventually(async () => {
        const { id } = answer.body.data;
        const { body } = await service.call(proposer.tenant.keys.user, 'GET', `/articles/${id}`);
        return body.data.embedding.status === 'embedded' ? true : undefined;
      });
    } finally {
      await worker.stop();
    }
    expect(proposer.calls()).toBe(2);
  }, 120_000);
});

describe('a proposal that needs no call', () => {
  it('is decided even while the provider is down, and not once the tenant has no key', async ({
    twin,
    proposer,
  }) => {
    const fields = { title: 'There', body: sections(2) };
    const { id } = (await proposer.post(fields)).body.data;
    twin.script(proposer.key, [], { kind: 'status', status: 503 });
    const again = await proposer.post(fields);
    expect([again.status, again.body.data.id]).toEqual([200, id]);
    await proposer.tenant.setEmbeddingKey(null);
    const keyless = await proposer.post(fields);
    expect(keyless.status).toBe(201);
    expect(keyless.body.meta.gate).toMatchObject({ verdict: 'unknown', reason: 'no_api_key' });
  });
});

describe('a gate that fails inside the write', () => {
  const undecided = { verdict: 'unknown', reason: 'internal' };
  it.for<[string, Partial<Proposals>, object]>([
    ['while it compares', { compare: (tx) => tx.raw('select no_such_column') }, undecided],
    ['by waiting too long', { compare: (tx) => tx.raw('select pg_sleep(10)') }, undecided],
    ['by waiting for nothing that ever comes', { compare: () => new Promise(() => undefined) }, undecided],
    // It has compared: what fails then costs the vectors alone.
    [
      'while it stores what it has bought',
      { store: (tx) => tx.raw('select no_such_column') },
      { verdict: 'novel', reason: null },
    ],
  ])('%s leaves one article, written as asked', async ([_, failing, gate], { startApi }) => {
    const api = await startApi({ ...embedded, ...failing }, 300);
    const tenant = await api.tenant('acme');
    const body = { title: 'A title', body: 'Some words.', category: 'idea' };
    const answer = await tenant.call('POST', '/articles', { body, headers: { 'Idempotency-Key': 'once' } });
    expect(answer.status).toBe(201);
    expect(answer.body.data.status).toBe('published');
    expect(answer.body.meta.gate).toMatchObject(gate);
    expect((await tenant.call('GET', '/articles')).body.data).toEqual([answer.body.data]);
    await api.outbox.drain();
    expect(api.sent.map(({ subjectId }) => subjectId)).toEqual([answer.body.data.id]);
  });

  it.for<[string, Partial<Proposals>, number]>([
    ['while it compares stores what was bought', { compare: (tx) => tx.raw('select no_such_column') }, 1],
    ['by waiting too long stores what was bought', { compare: (tx) => tx.raw('select pg_sleep(10)') }, 1],
    ['while it stores does not try that again', {}, 1],
  ])('%s', async ([_, failing, times], { startApi }) => {
    const stored: string[] = [];
    const store: Proposals['store'] = async (tx, tenantId, article) => {
      stored.push(article.id);
      await tx('articles').where({ tenant_id: tenantId, id: article.id }).update({ source_type: 'stored' });
      if (!('compare' in failing)) await tx.raw('select no_such_column');
    };
    const api = await startApi({ ...embedded, ...failing, store }, 300);
    const tenant = await api.tenant('acme');
    const body = { title: 'A title', body: 'Some words.', category: 'idea' };
    const { id } = (await tenant.call('POST', '/articles', { body })).body.data;
    expect(stored).toHaveLength(times);
    expect(stored).toEqual([id]);
    // What the failing store did is undone, and the article stands.
    const [article] = await api.db.rawAsOwner('select source_type from articles where id = $1', [id]);
    expect(article).toEqual({ source_type: 'compare' in failing ? 'stored' : null });
  });

  it('gives the comparison no more time than the embedding and the mutex have left of it', async ({
    startApi,
  }) => {
    const seen: { given: number; left: number }[] = [];
    let given = 0;
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const api = await startApi(
      {
        ...embedded,
        async embed(tenantId, text, timeoutMs) {
          given = timeoutMs;
          await new Promise((resolve) => setTimeout(resolve, 300));
          setTimeout(release, 300);
          return embedded.embed(tenantId, text, timeoutMs);
        },
        async compare(tx) {
          const { rows } = await tx.raw(
            "select setting::int as left from pg_settings where name = 'statement_timeout'",
          );
          seen.push({ given, left: rows[0].left });
          return [];
        },
      },
      5_000,
    );
    const tenant = await api.tenant('acme');
    const body = { title: 'A title', body: 'Some words.', category: 'idea' };
    const held = api.db.database.withTenant(tenant.id, async (tx) => {
      await tx.raw('select pg_advisory_xact_lock(hashtextextended(?, 0))', [`proposals ${tenant.id}`]);
      const answering = tenant.call('POST', '/articles', { body });
      await released;
      return { answering };
    });
    const answer = await (await held).answering;
    expect(answer.body.meta.gate.verdict).toBe('novel');
    expect(seen).toHaveLength(1);
    expect(seen[0]?.given).toBeLessThanOrEqual(5_000);
    expect(seen[0]?.left).toBeGreaterThan(0);
    expect(seen[0]?.left).toBeLessThan(4_450);
  });

  it('answers each proposal that waits for the mutex when its own time is over', async ({ startApi }) => {
    const api = await startApi(embedded, 400);
    const { db } = api;
    const [queue, chain] = [await api.tenant('queue'), await api.tenant('chain')];
    const propose = ({ call }: typeof queue, title: string) =>
      call('POST', '/articles', { body: { title, body: 'Some words.', category: 'idea' } });
    const order: string[] = [];
    const answers = await db.database.withTenant(queue.id, async (tx) => {
      for (const { id } of [queue, chain]) {
        await tx.raw('select pg_advisory_xact_lock(hashtextextended(?, 0))', [`proposals ${id}`]);
      }
      const [atOnce, oneByOne] = await Promise.all([
        Promise.all(Array.from({ length: 4 }, (_, at) => propose(queue, `Title ${at}`))).finally(() =>
          order.push('all at once'),
        ),
        (async () => [
          await propose(chain, 'The first'),
          await propose(chain, 'The second'),
          await propose(chain, 'The third'),
        ])().finally(() => order.push('three, one by one')),
      ]);
      return [...atOnce, ...oneByOne];
    });
    expect(order).toEqual(['all at once', 'three, one by one']);
    for (const { status, body } of answers) {
      expect([status, body.data.status]).toEqual([201, 'published']);
      expect(body.meta.gate).toMatchObject({ verdict: 'unknown', reason: 'internal' });
    }
  });

  it('does not take an error of the write itself for its own', async ({ startApi }) => {
    const api = await startApi(embedded);
    const tenant = await api.tenant('acme');
    const actor = { tenantId: tenant.id, keyId: null, label: 'test', role: 'user' } as const;
    let attempts = 0;
    const writing = api.articles.create(
      actor,
      {
        ...{ title: 'A title', body: 'Some words.', category: 'idea', tags: [], status: 'published' },
        ...{ sourceType: null, metadata: {}, force: false },
      } as const,
      async () => {
        attempts += 1;
        throw new Error('at the last step');
      },
    );
    await expect(writing).rejects.toThrow('at the last step');
    expect(attempts).toBe(1);
  });
});

/** Of a tenant whose proposals are embedded, and are like nothing. */
const embedded: Proposals = {
  embed: async () => ({
    kind: 'embedded',
    proposal: {
      chunks: [],
      target: targetOf('m'),
      spaceId: undefined,
      known: new Set(),
      bought: new Map([['a hash', axis(0)]]),
    },
  }),
  compare: async () => [],
  compareWords: async () => ({ kind: 'compared', differs: [] }),
  store: async () => undefined,
};
