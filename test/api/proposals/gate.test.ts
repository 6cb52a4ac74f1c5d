import { describe, expect } from 'vitest';
import { eventually, type RunningService } from '../../support/running-service.ts';
import { sampleValue } from '../../support/scrape.ts';
import { answerWith, axis, near, type Proposer, sections } from './gate-api.ts';
import { factsOfProposals } from './proposal-facts.ts';

const it = factsOfProposals({ EMBEDDING_BATCH_CHUNKS: '64', GATE_MAX_CHUNKS: '4' })
  // The proposer has one published article, whose vector is the first axis.
  .extend('withArticle', async ({ proposer }) => ({ proposer, id: await publishFirst(proposer) }));

/** The vector of an article's card, which is bought beside the passages and not compared. */
const card = axis(14);

describe('a proposal', () => {
  it('is novel where nothing is published yet', async ({ service, proposer }) => {
    const answer = await proposer.post();
    expect(answer.status).toBe(201);
    expect(answer.body.data).toMatchObject({
      status: 'published',
      revision: 1,
      embedding: { status: 'pending' },
    });
    expect(answer.body.meta).toEqual({
      gate: { verdict: 'novel', similarity: null, nearest: [], reason: null },
    });
    expect(await callsOf(service, proposer)).toEqual([
      { source: 'gate', inputs: 1, subject_id: null, in_ledger: true },
    ]);
  });

  it('that is below 0.88 is novel, and the answer lists what is nearest', async ({
    withArticle: { proposer, id },
  }) => {
    proposer.vectors([near(0.879)]);
    const answer = await proposer.post();
    expect(answer.status).toBe(201);
    expect(answer.body.data.status).toBe('published');
    expect(answer.body.meta).toEqual({
      gate: {
        verdict: 'novel',
        similarity: 0.879,
        nearest: [{ id, title: 'The first', similarity: 0.879 }],
        reason: null,
      },
    });
  });

  it.for([0.88, 0.97, 1])(
    'at %d becomes a draft with all of its fields',
    async (cosine, { service, withArticle: { proposer, id } }) => {
      proposer.vectors([near(cosine), card]);
      const fields = {
        title: 'Nearly the first',
        body: 'It says nearly that.',
        category: 'decision',
        tags: ['a', 'b'],
        source_type: 'handbook',
        metadata: { a: [1, { b: null }] },
      };
      const answer = await proposer.post({ ...fields, status: 'published' });
      expect(answer.status).toBe(201);
      expect(answer.body.data).toMatchObject({
        ...fields,
        status: 'draft',
        embedding: { status: 'not_applicable' },
      });
      expect(answer.headers.get('location')).toBe(`/api/v1/articles/${answer.body.data.id}`);
      expect(answer.body.meta.gate).toEqual({
        verdict: 'low_novelty',
        similarity: cosine,
        nearest: [{ id, title: 'The first', similarity: cosine }],
        differs: [
          { proposal: 'Nearly the first', existing: 'The first' },
          { proposal: 'It says nearly that.', existing: 'It says one thing.' },
        ],
        reason: null,
      });
      const [row] = await auditOf(service, proposer, 'article.created');
      expect(row.details).toEqual({
        revision: 1,
        status: 'draft',
        category: 'decision',
        gate: 'low_novelty',
        similarity: cosine,
        nearest: id,
        differs: 2,
      });
    },
  );

  it.for<[string, object]>([
    ['in other case, blank space and markup', { title: 'THE  first', body: '\n\n**it says** one  thing' }],
    ['as a draft', { title: 'The first', body: 'It says one thing.', status: 'draft' }],
  ])(
    'whose words stand in an article is not created, however far its vectors are: %s',
    async ([_, fields], { service, withArticle: { proposer, id } }) => {
      const { links: _links, ...existing } = (
        await service.call(proposer.tenant.keys.user, 'GET', `/articles/${id}`)
      ).body.data;
      proposer.vectors([near(0.1)]);
      const answer = await proposer.post(fields);
      expect(answer.status).toBe(200);
      expect(answer.body.data).toEqual(existing);
      expect(answer.body.meta).toEqual({
        deduplicated: true,
        gate: {
          verdict: 'duplicate',
          similarity: 1,
          nearest: [{ id, title: 'The first', similarity: 1 }],
          reason: null,
        },
      });
      expect(answer.headers.get('etag')).toBe('"1"');
      expect(answer.headers.get('location')).toBe(`/api/v1/articles/${id}`);
      expect(await proposer.articles()).toHaveLength(1);
      expect(await auditOf(service, proposer, 'article.created')).toHaveLength(1);
      const [row] = await auditOf(service, proposer, 'article.deduplicated');
      expect(row).toMatchObject({
        subject: { kind: 'article', id },
        actor: { role: 'agent' },
        details: { revision: 1, similarity: 1 },
      });
    },
  );

  it('gets a list of the five nearest articles at most, best first', async ({
    withArticle: { proposer },
  }) => {
    const cosines = [0.5, 0.6, 0.7, 0.8, 0.55, 0.65];
    for (const [at, cosine] of cosines.entries()) {
      proposer.vectors([near(cosine, at + 2)]);
      await proposer.post({ title: `Article ${at}` });
    }
    proposer.vectors([axis(0)]);
    const { gate } = (await proposer.post({ title: 'Once more' })).body.meta;
    expect(gate.nearest.map((each: { similarity: number }) => each.similarity)).toEqual([
      1, 0.8, 0.7, 0.65, 0.6,
    ]);
  });

  it('is not compared with drafts, archived articles and old texts', async ({
    service,
    withArticle: { proposer, id },
  }) => {
    const { user } = proposer.tenant.keys;
    proposer.vectors([axis(1)]);
    const draft = await proposer.post({ title: 'A draft', status: 'draft' });
    expect(draft.body.data.status).toBe('draft');
    // Word for word the author's own draft.
    expect((await proposer.post({ title: 'A draft' })).body.meta.gate.verdict).toBe('novel');

    await service.call(user, 'PATCH', `/articles/${id}`, { body: 'It says another thing.' });
    proposer.vectors([axis(0)]);
    const asBefore = await proposer.post({ title: 'As before' });
    expect(asBefore.body.meta.gate).toMatchObject({ verdict: 'novel' });

    await service.call(user, 'DELETE', `/articles/${asBefore.body.data.id}`);
    proposer.vectors([axis(0)]);
    expect((await proposer.post({ title: 'As archived' })).body.meta.gate.verdict).toBe('novel');
  });

  it('of a text that is there word for word is a duplicate without a call', async ({
    withArticle: { proposer, id },
  }) => {
    const before = proposer.calls();
    const answer = await proposer.post({ title: ' The  first', body: 'It says one thing.\r\n', tags: ['x'] });
    expect(answer.status).toBe(200);
    expect(answer.body.meta.gate).toMatchObject({ verdict: 'duplicate', similarity: 1 });
    expect(answer.body.data.id).toBe(id);
    expect(proposer.calls()).toBe(before);
  });

  it('that is the draft of an earlier proposal is a duplicate of it, until that draft is edited', async ({
    service,
    withArticle: { proposer },
  }) => {
    const nearly = { title: 'Nearly the first' };
    proposer.vectors([near(0.9)]);
    const draft = (await proposer.post(nearly)).body.data;
    expect(draft.status).toBe('draft');
    const again = await proposer.post(nearly);
    expect([again.status, again.body.data.id]).toEqual([200, draft.id]);

    const edited = { body: 'Another text.' };
    await service.call(proposer.tenant.keys.user, 'PATCH', `/articles/${draft.id}`, edited);
    const third = await proposer.post(nearly);
    expect([third.status, third.body.meta.gate.verdict]).toEqual([201, 'low_novelty']);
  });

  it('with force is written as asked, and nothing is called', async ({ withArticle: { proposer } }) => {
    const before = proposer.calls();
    const answer = await proposer.post({ title: 'The first', body: 'It says one thing.', force: true });
    expect(answer.status).toBe(201);
    expect(answer.body.data.status).toBe('published');
    expect(answer.body.meta).toEqual({
      gate: { verdict: 'skipped', similarity: null, nearest: [], reason: null },
    });
    expect(proposer.calls()).toBe(before);
    expect(await proposer.articles()).toHaveLength(2);
  });

  it('of another tenant with the same words has no effect, at another or the same moment', async ({
    newProposer,
  }) => {
    const mine = await newProposer();
    const theirs = await newProposer();
    const atOnce = await Promise.all([mine.post(), theirs.post()]);
    expect(atOnce.map(({ status, body }) => [status, body.meta.gate.verdict])).toEqual([
      [201, 'novel'],
      [201, 'novel'],
    ]);
    expect([mine.calls(), theirs.calls()]).toEqual([1, 1]);
    const third = await newProposer();
    expect((await third.post()).body.meta.gate).toMatchObject({ verdict: 'novel', nearest: [] });
    expect(third.calls()).toBe(1);
  });

  it('answers an Idempotency-Key with its first answer, whether it created an article or not', async ({
    service,
    withArticle: { proposer, id },
  }) => {
    proposer.vectors([near(0.5)], [near(0.99)]);
    const novel = [{ title: 'Novel' }, { 'idempotency-key': 'novel' }] as const;
    const first = await proposer.post(...novel);
    const said = { title: 'The first', body: 'it says ONE thing' };
    const same = [said, { 'idempotency-key': 'same' }] as const;
    const refused = await proposer.post(...same);
    expect([first.status, refused.status]).toEqual([201, 200]);
    const calls = proposer.calls();

    await service.call(proposer.tenant.keys.user, 'DELETE', `/articles/${id}`);
    const again = [await proposer.post(...novel), await proposer.post(...same)];
    expect(again.map(({ status, body }) => ({ status, body }))).toEqual(
      [first, refused].map(({ status, body }) => ({ status, body })),
    );
    expect(again.map(({ headers }) => headers.get('idempotency-replayed'))).toEqual(['true', 'true']);
    expect(again.map(({ headers }) => headers.get('etag'))).toEqual(['"1"', '"1"']);
    expect(proposer.calls()).toBe(calls);
  });
});

describe('a proposal of several chunks', () => {
  it('is as similar as its chunks are on the mean, by their length', async ({ proposer }) => {
    proposer.vectors([axis(0), axis(2), axis(3), axis(4), card]);
    await proposer.post({ body: sections(4) });
    // Three of four chunks are those of the article, found by their vectors, and one is new.
    proposer.vectors([axis(4), axis(3), axis(2), axis(9), card]);
    const { gate } = (await proposer.post({ body: sections(4, 'piece') })).body.meta;
    expect(gate.verdict).toBe('novel');
    expect(gate.similarity).toBeGreaterThan(0.7);
    expect(gate.similarity).toBeLessThan(0.8);
  });

  it('buys only the chunks that the tenant does not have', async ({ service, proposer }) => {
    proposer.vectors([axis(0), axis(2), axis(3), card]);
    await proposer.post({ body: sections(3) });
    proposer.vectors([axis(5)]);
    const answer = await proposer.post({ body: `${sections(3)}\n\n${sections(1, 'another')}` });
    expect(answer.body.meta.gate.verdict).toBe('novel');
    expect(answer.body.meta.gate.similarity).toBeCloseTo(0.75, 1);
    expect((await callsOf(service, proposer)).map(({ inputs }) => inputs)).toEqual([4, 1]);
  });

  it('that buys not all of its chunks can be of low novelty, and never a duplicate', async ({
    service,
    proposer,
  }) => {
    proposer.vectors([axis(0), axis(2), axis(3), axis(4)]);
    const long = await proposer.post({ body: sections(9) });
    expect(long.body.meta.gate).toMatchObject({ verdict: 'novel', similarity: null });
    proposer.vectors([axis(0)]);
    await proposer.post({ title: 'Short' });

    proposer.vectors([axis(0), axis(0), axis(0), axis(0)]);
    const { data, meta } = (await proposer.post({ body: sections(9, 'piece') })).body;
    expect(meta.gate).toMatchObject({ verdict: 'low_novelty', similarity: 1 });
    expect(data.status).toBe('draft');
    expect((await callsOf(service, proposer)).map(({ inputs }) => inputs)).toEqual([4, 1, 4]);
  });

  it('takes the chunks that it buys from all over a long text', async ({ twin, proposer }) => {
    await proposer.post({ body: sections(9) });
    const inputs = twin.callsOf(proposer.key)[0]?.inputs ?? [];
    expect(inputs.map((text) => /## part (\d)/.exec(text)?.[1])).toEqual(['0', '3', '5', '7']);
  });

  it.for(['published', 'draft'])(
    'that is %s and too long to be bought whole is one article when it comes twice',
    async (status, { proposer }) => {
      const first = await proposer.post({ body: sections(9), status });
      const again = await proposer.post({ body: sections(9), status });
      expect([first.status, again.status]).toEqual([201, 200]);
      expect(again.body.meta.gate).toMatchObject({ verdict: 'duplicate', similarity: 1 });
      expect(again.body.data.id).toBe(first.body.data.id);
      expect(await proposer.articles()).toHaveLength(1);
    },
  );
});

describe('the verdicts', () => {
  it('are counted, by what they are, from 0 on', async ({ service, proposer }) => {
    const verdicts = ['duplicate', 'low_novelty', 'novel', 'unknown', 'skipped'];
    const counted = async () => {
      const text = await service.metrics.scrape();
      return verdicts.map((verdict) => sampleValue(text, 'lorekeep_gate_verdicts_total', { verdict }) ?? NaN);
    };
    const before = await counted();
    await publishFirst(proposer);
    proposer.vectors([near(0.9)]);
    await proposer.post({ title: 'Nearly the first' });
    await proposer.post({ title: 'Nearly the first' });
    await proposer.post({ force: true });
    await proposer.tenant.setEmbeddingKey(null);
    await proposer.post();
    const after = await counted();
    expect(after.map((count, at) => count - (before[at] ?? 0))).toEqual([1, 1, 1, 1, 1]);
  });
});

describe('what a proposal has paid for', () => {
  it('serves searches and proposals at once, and the workflow finds all of it', async ({
    service,
    proposer,
  }) => {
    const article = (await proposer.post({ body: sections(2) })).body.data;
    const search = await service.call(
      proposer.tenant.keys.agent,
      'GET',
      '/knowledge/search?mode=semantic&q=words',
    );
    expect(search.body.data.map(({ id }: { id: string }) => id)).toEqual([article.id]);

    const worker = await service.startWorker();
    try {
      expect(await workflowResult(service, article.embedding.workflow_id)).toMatchObject({
        outcome: 'unchanged',
        chunks: 3,
      });
      expect(await embedded(service, proposer, article.id)).toMatchObject({ status: 'embedded', chunks: 3 });
      const sources = (await callsOf(service, proposer)).map(({ source }) => source);
      expect(sources).toEqual(['gate', 'search']);
    } finally {
      await worker.stop();
    }
  }, 120_000);

  it('is not paid again by publishing a draft, nor by an edit, but for the chunks that this changes', async ({
    service,
    withArticle: { proposer },
  }) => {
    const { user, orchestrator } = proposer.tenant.keys;
    proposer.vectors([near(0.9), near(0.9, 2), near(0.9, 3), card]);
    const draft = (await proposer.post({ body: sections(3) })).body.data;
    expect(draft.status).toBe('draft');
    expect(await manifestsOf(service, draft.id)).toBe(0);
    const calls = proposer.calls();
    const published = await service.call(orchestrator, 'POST', `/articles/${draft.id}/publish`);
    expect(published.body.data.embedding.status).toBe('pending');

    const worker = await service.startWorker();
    try {
      await embedded(service, proposer, draft.id);
      expect(proposer.calls()).toBe(calls);
      proposer.vectors([axis(7)]);
      const body = `${sections(3)}\n\n${sections(1, 'another')}`;
      await service.call(user, 'PATCH', `/articles/${draft.id}`, { body });
      expect(await embedded(service, proposer, draft.id)).toMatchObject({ chunks: 5 });
      expect(await callsOf(service, proposer)).toMatchObject([
        { source: 'gate', inputs: 1 },
        { source: 'gate', inputs: 4 },
        { source: 'workflow', inputs: 1 },
      ]);
    } finally {
      await worker.stop();
    }
  }, 120_000);

  it('leaves to the workflow the chunks that it has not bought', async ({ service, proposer }) => {
    const article = (await proposer.post({ body: sections(9) })).body.data;
    expect(await manifestsOf(service, article.id)).toBe(0);
    const worker = await service.startWorker();
    try {
      expect(await embedded(service, proposer, article.id)).toMatchObject({ chunks: 10 });
      expect((await callsOf(service, proposer)).map(({ source, inputs }) => [source, inputs])).toEqual([
        ['gate', 4],
        ['workflow', 6],
      ]);
    } finally {
      await worker.stop();
    }
  }, 120_000);

  it('is not paid again when the write fails and is repeated', async ({
    service,
    withArticle: { proposer },
  }) => {
    proposer.vectors([near(0.5)]);
    const fields = { title: 'Twice tried', body: 'Some words.', category: 'idea' } as const;
    const failing = service.services.articles.create(
      proposer.tenant.actor,
      { ...fields, tags: [], status: 'published', sourceType: null, metadata: {}, force: false },
      () => Promise.reject(new Error('at the last step')),
    );
    await expect(failing).rejects.toThrow('at the last step');
    expect(await proposer.articles()).toHaveLength(1);
    const calls = proposer.calls();
    const answer = await proposer.post(fields);
    expect(answer.body.meta.gate).toMatchObject({ verdict: 'novel', similarity: 0.5 });
    expect(proposer.calls()).toBe(calls);
    const stored = await service.db.rawAsOwner(
      'select count(*)::int as vectors from chunk_vectors where article_id = $1',
      [answer.body.data.id],
    );
    expect(stored).toEqual([{ vectors: 1 }]);
  });
});

describe('while a model is being replaced', () => {
  it('proposals are compared in the space that serves the searches', async ({
    service,
    twin,
    withArticle: { proposer, id },
  }) => {
    const setModel = { embedding_model: 'the-new-model' };
    await service.call(proposer.tenant.keys.user, 'PATCH', '/tenants/me/llm-config', setModel);
    twin.script(proposer.key, [answerWith([near(0.99)])]);
    const answer = await proposer.post();
    expect(answer.body.meta.gate).toMatchObject({
      verdict: 'low_novelty',
      nearest: [{ id, similarity: 0.99 }],
    });
    expect(twin.callsOf(proposer.key).map(({ model }) => model)).toEqual(['a-model', 'a-model']);
  });
});

/** Publishes an article whose vector is the first axis. Answers its id. */
async function publishFirst(proposer: Proposer): Promise<string> {
  proposer.vectors([axis(0)]);
  const { status, body } = await proposer.post({ title: 'The first', body: 'It says one thing.' });
  expect(status).toBe(201);
  return body.data.id;
}

async function auditOf(service: RunningService, proposer: Proposer, action: string) {
  const answer = await service.call(proposer.tenant.keys.user, 'GET', `/audit?action=${action}`);
  return answer.body.data;
}

/** The rows of the tenant's calls, by source. */
function callsOf(service: RunningService, { tenant }: Proposer) {
  return service.db.rawAsOwner(
    `select c.source, c.inputs, c.subject_id, l.call_id is not null as in_ledger
       from provider_calls c left join usage_ledger l on l.call_id = c.id
      where c.tenant_id = $1 order by c.started_at`,
    [tenant.id],
  );
}

function workflowResult({ services }: RunningService, workflowId: string) {
  return services.temporal.client.workflow.getHandle(workflowId).result();
}

/** The number of spaces whose vectors count as those of the article's text. */
async function manifestsOf({ db }: RunningService, id: string): Promise<number> {
  return (await db.rawAsOwner('select 1 from article_manifests where article_id = $1', [id])).length;
}

function embedded(service: RunningService, proposer: Proposer, id: string) {
  return eventually(async () => {
    const { body } = await service.call(proposer.tenant.keys.user, 'GET', `/articles/${id}`);
    return body.data.embedding.status === 'embedded' ? body.data.embedding : undefined;
  });
}
