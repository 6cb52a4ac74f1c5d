import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Proposals } from '../../../src/proposals/gate.ts';
import { type CuttableLink, createCuttableLink } from '../../support/cuttable-link.ts';
import {
  type ProviderTwin,
  startProviderTwin,
  type TwinStep,
  twinDimensions,
  twinMarker,
} from '../../support/provider-twin.ts';
import { eventually, type RunningService, startService } from '../../support/running-service.ts';
import { type ArticleApi, startArticleApi } from '../articles/article-api.ts';
import { answerWith, axis, createProposer, type Proposer, sections } from './gate-api.ts';

// Whatever fails, the article is written as it was asked for, and its author is told why nobody has looked at it.
const timeoutMs = 1_500;
let twin: ProviderTwin;
let vault: CuttableLink;
let service: RunningService;

beforeAll(async () => {
  twin = await startProviderTwin();
  vault = await createCuttableLink(inject('vaultAddr'));
  service = await startService({
    EMBEDDING_BASE_URL: twin.baseUrl,
    EMBEDDING_DEFAULT_MODEL: 'a-model',
    EMBEDDING_TIMEOUT_MS: '800',
    GUARD_TIMEOUT_MS: String(timeoutMs),
    VAULT_ADDR: vault.url,
  });
});

afterAll(async () => {
  await service.close();
  await vault.close();
  await twin.close();
});

const status = (code: number, extra: object = {}): TwinStep => ({ kind: 'status', status: code, ...extra });

interface Trouble {
  readonly name: string;
  begin(proposer: Proposer): unknown;
  end?(): unknown;
  readonly reason: string;
  /** Provider calls that the proposal makes. */
  readonly calls: 0 | 1;
  readonly retryAt?: true;
}

/** The provider does this from now on. */
const always = (step: TwinStep) => (proposer: Proposer) => twin.script(proposer.key, [], step);

const openBreaker = (proposer: Proposer) =>
  service.db.rawAsOwner(
    `insert into breakers (tenant_id, provider, key_version, epoch, opened_times, open_until)
     values ($1, 'embedding', 1, 1, 1, clock_timestamp() + interval '20 seconds')`,
    [proposer.tenant.id],
  );

const setBudget = (proposer: Proposer) =>
  service.call(proposer.tenant.keys.user, 'PATCH', '/tenants/me/llm-config', { monthly_token_budget: 1 });

const troubles: readonly Trouble[] = [
  { name: 'has no key', begin: ({ tenant }) => tenant.setEmbeddingKey(null), reason: 'no_api_key', calls: 0 },
  {
    name: 'has a key that the provider rejects',
    begin: always(status(401)),
    reason: 'credential_rejected',
    calls: 1,
  },
  {
    name: 'has a key that was rejected before',
    begin: async (proposer) => {
      twin.script(proposer.key, [status(401)]);
      await proposer.post({ title: 'Before' });
    },
    reason: 'credential_rejected',
    calls: 0,
  },
  { name: 'has no quota left', begin: always(status(402)), reason: 'quota_exhausted', calls: 1 },
  {
    name: 'names a model that is not there',
    begin: always(status(404)),
    reason: 'model_not_found',
    calls: 1,
  },
  {
    name: 'writes what the provider refuses',
    begin: always(status(400)),
    reason: 'input_rejected',
    calls: 1,
  },
  {
    name: 'asks too often',
    begin: always(status(429, { headers: { 'retry-after': '7' } })),
    reason: 'provider_rate_limited',
    calls: 1,
    retryAt: true,
  },
  { name: 'meets an outage', begin: always(status(503)), reason: 'provider_unavailable', calls: 1 },
  {
    name: 'is cut off',
    begin: always({ kind: 'cut', after: 'half' }),
    reason: 'provider_unavailable',
    calls: 1,
  },
  { name: 'gets no answer', begin: always({ kind: 'hang' }), reason: 'provider_timeout', calls: 1 },
  {
    name: 'gets an answer that never ends',
    begin: always({ kind: 'trickle' }),
    reason: 'provider_timeout',
    calls: 1,
  },
  {
    name: 'gets too few vectors',
    begin: always(answerWith([])),
    reason: 'malformed_response',
    calls: 1,
  },
  {
    name: 'gets vectors of another dimension',
    begin: async (proposer) => {
      await proposer.post({ title: 'Before' });
      twin.script(proposer.key, [], { kind: 'ok', dimensions: twinDimensions / 2 });
    },
    reason: 'malformed_response',
    calls: 1,
  },
  { name: 'has an open breaker', begin: openBreaker, reason: 'circuit_open', calls: 0, retryAt: true },
  { name: 'has no budget left', begin: setBudget, reason: 'budget_exhausted', calls: 0 },
  {
    name: 'meets a Vault that is away',
    begin: () => vault.cut(),
    end: () => vault.restore(),
    reason: 'vault_unavailable',
    calls: 0,
  },
  {
    name: 'has a key that Vault cannot open',
    begin: ({ tenant }) =>
      service.db.rawAsOwner(
        `update provider_keys set ciphertext = regexp_replace(ciphertext, '.{8}$', 'AAAAAAA=') where tenant_id = $1`,
        [tenant.id],
      ),
    reason: 'key_unusable',
    calls: 0,
  },
  {
    name: 'meets a bug in the gate',
    begin: () => service.db.rawAsOwner('alter table provider_keys rename to hidden'),
    end: () => service.db.rawAsOwner('alter table hidden rename to provider_keys'),
    reason: 'internal',
    calls: 0,
  },
];

describe('a proposal whose author', () => {
  it.each(troubles)('$name is written as asked: $reason', async ({ begin, end, reason, calls, retryAt }) => {
    const proposer = await createProposer(service, twin);
    await begin(proposer);
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
          ...(retryAt ? { retry_at: expect.any(String) } : {}),
        },
      });
      if (retryAt) expect(Date.parse(answer.body.meta.gate.retry_at)).toBeGreaterThan(startedAt);
      expect(JSON.stringify(answer.body)).not.toContain(twinMarker);
      expect(proposer.calls() - before).toBe(calls);
    } finally {
      await end?.();
    }
  });
});

describe('a proposal whose provider never answers', () => {
  it('is written within the author’s patience, and embedded by its workflow later', async () => {
    const proposer = await createProposer(service, twin);
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
  it('is judged even while the provider is away, and not once the tenant has no key', async () => {
    const proposer = await createProposer(service, twin);
    const fields = { title: 'There', body: sections(2) };
    const { id } = (await proposer.post(fields)).body.data;
    twin.script(proposer.key, [], status(503));
    const again = await proposer.post(fields);
    expect([again.status, again.body.data.id]).toEqual([200, id]);
    await proposer.tenant.setEmbeddingKey(null);
    const keyless = await proposer.post(fields);
    expect(keyless.status).toBe(201);
    expect(keyless.body.meta.gate).toMatchObject({ verdict: 'unknown', reason: 'no_api_key' });
  });
});

describe('a gate that fails inside the write', () => {
  let api: ArticleApi | undefined;
  afterEach(() => api?.close());

  const embedded: Proposals = {
    embed: async () => ({
      kind: 'embedded',
      proposal: {
        chunks: [],
        model: 'm',
        spaceId: undefined,
        known: new Set(),
        bought: new Map([['a hash', axis(0)]]),
      },
    }),
    compare: async () => ({ similar: [], ofAllText: true }),
    store: async () => undefined,
  };

  const undecided = { verdict: 'unknown', reason: 'internal' };
  it.each<[string, Partial<Proposals>, object]>([
    ['while it compares', { compare: (tx) => tx.raw('select no_such_column') }, undecided],
    ['by waiting too long', { compare: (tx) => tx.raw('select pg_sleep(10)') }, undecided],
    ['by waiting for nothing that ever comes', { compare: () => new Promise(() => undefined) }, undecided],
    // It has compared: what fails then costs the vectors alone.
    [
      'while it stores what it has bought',
      { store: (tx) => tx.raw('select no_such_column') },
      { verdict: 'novel', reason: null },
    ],
  ])('%s leaves one article, written as asked', async (_, failing, gate) => {
    api = await startArticleApi({}, { ...embedded, ...failing }, 300);
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

  it.each<[string, Partial<Proposals>, number]>([
    ['while it compares stores what was bought', { compare: (tx) => tx.raw('select no_such_column') }, 1],
    ['by waiting too long stores what was bought', { compare: (tx) => tx.raw('select pg_sleep(10)') }, 1],
    ['while it stores does not try that again', {}, 1],
  ])('%s', async (_, failing, times) => {
    const stored: string[] = [];
    const store: Proposals['store'] = async (tx, tenantId, article) => {
      stored.push(article.id);
      await tx('articles').where({ tenant_id: tenantId, id: article.id }).update({ source_type: 'stored' });
      if (!('compare' in failing)) await tx.raw('select no_such_column');
    };
    api = await startArticleApi({}, { ...embedded, ...failing, store }, 300);
    const tenant = await api.tenant('acme');
    const body = { title: 'A title', body: 'Some words.', category: 'idea' };
    const { id } = (await tenant.call('POST', '/articles', { body })).body.data;
    expect(stored).toHaveLength(times);
    expect(stored).toEqual([id]);
    // What the failing store did is undone, and the article stands.
    const [article] = await api.db.rawAsOwner('select source_type from articles where id = $1', [id]);
    expect(article).toEqual({ source_type: 'compare' in failing ? 'stored' : null });
  });

  it('gives the comparison no more time than the embedding and the mutex have left of it', async () => {
    const seen: { given: number; left: number }[] = [];
    let given = 0;
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    api = await startArticleApi(
      {},
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
          return { similar: [], ofAllText: true };
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

  it('answers all who wait for the mutex when their own time is over', async () => {
    api = await startArticleApi({}, embedded, 400);
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

  it('does not take an error of the write itself for its own', async () => {
    api = await startArticleApi({}, embedded);
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
