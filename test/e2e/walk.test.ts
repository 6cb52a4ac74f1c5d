import { test as base, describe, expect, vi } from 'vitest';
import { z } from 'zod';
import { embedArticleWorkflowId, searchAttributes, workflowTypes } from '../../src/domain/temporal-names.ts';
import { type ApiClient, createApiClient, expectSuccess } from '../../src/stack/api-client.ts';
import { publishSamples, waitUntilEmbedded } from '../../src/stack/sample-articles.ts';
import { paraphrases } from '../../src/stack/samples/index.ts';
import { judgedQueriesFacts } from '../quality/judged-queries-expectations.ts';
import { measureJudgedQueries, patientVariables } from '../quality/judged-queries-measurement.ts';
import { eventually, type RunningService, startService } from '../support/running-service.ts';

// The whole service with the real model: forty articles in, questions out.
const it = base
  .extend('service', { scope: 'file' }, async ({}, { onCleanup }) => {
    // One call at a time: two would share the cores, and each take twice as long.
    const service = await startService({ ...patientVariables, WORKER_MAX_ACTIVITIES: '1' });
    onCleanup(() => service.close());
    return service;
  })
  .extend('samples', { scope: 'file' }, ({ service }) => embedSamples(service))
  .extend('measured', { scope: 'file' }, ({ samples }) => measureJudgedQueries(samples.api, samples.key));
it.beforeAll(({ samples }) => void samples, 1_200_000);
vi.setConfig({ testTimeout: 180_000 });
const providerKey = 'sk-local-model-0123456789abcdef';

describe('the forty samples', () => {
  it('are all embedded, each by a workflow that has completed', async ({ service, samples }) => {
    const answer = await samples.call(
      samples.tenant.keys.agent,
      'GET',
      '/articles?embedding_status=embedded&limit=100',
    );
    expect(answer.body.data).toHaveLength(40);
    const query = `${searchAttributes.tenant} = "${samples.tenant.id}" AND WorkflowType = "${workflowTypes.embedArticle}"`;
    // The server's list of workflows is some moments behind its histories.
    await vi.waitFor(async () => {
      const completed = new Set<string>();
      for await (const run of service.services.temporal.client.workflow.list({ query })) {
        expect(run.status.name, run.workflowId).toBe('COMPLETED');
        completed.add(run.workflowId);
      }
      const wanted = [...samples.idOf.values()].map((id) => embedArticleWorkflowId(samples.tenant.id, id));
      expect([...completed].sort()).toEqual(wanted.sort());
    }, 120_000);
  });

  it.for(paraphrases)('are found by what they mean: $query', async ({ query, slug }, { samples }) => {
    const semantic = await samples.search('semantic', query);
    expect(semantic.meta).toMatchObject({ served_mode: 'semantic', fallback: false });
    // Neighbours lie close with this model, so that where the chunks are cut decides who of the first three is first.
    const first = semantic.data.slice(0, 3).map(({ id }: { id: string }) => id);
    expect(first).toContain(samples.idOf.get(slug));
    const keyword = await samples.search('keyword', query);
    expect(keyword.data.map(({ id }: { id: string }) => id)).not.toContain(samples.idOf.get(slug));
  });

  it('have a ledger that adds up to the call records', async ({ service, samples }) => {
    const answer = await samples.call(
      samples.tenant.keys.orchestrator,
      'GET',
      '/knowledge/llm-usage?group_by=source',
    );
    const calls = await service.db.rawAsOwner(
      `select source, sum(input_tokens)::int as input_tokens, count(*)::int as calls
         from provider_calls where tenant_id = $1 and outcome = 'ok' group by source order by source`,
      [samples.tenant.id],
    );
    const ledger = answer.body.data.map(({ source, input_tokens, calls: made }: Record<string, unknown>) => ({
      source,
      input_tokens,
      calls: made,
    }));
    expect(ledger).toEqual(calls);
  });

  it('let no piece of the key into a history, an answer, a table or a log', async ({ service, samples }) => {
    const piece = providerKey.slice(3, 15);
    const settings = await samples.call(samples.tenant.keys.user, 'GET', '/tenants/me/llm-config');
    expect(settings.body.embedding_api_key_hint).toBe('...cdef');
    expect(samples.answers.filter((answer) => answer.includes(piece))).toEqual([]);
    for (const id of samples.idOf.values()) {
      const handle = service.services.temporal.client.workflow.getHandle(
        embedArticleWorkflowId(samples.tenant.id, id),
      );
      const history = JSON.stringify(await handle.fetchHistory());
      expect(history).not.toContain(piece);
      expect(history).not.toContain(Buffer.from(piece).toString('base64').slice(0, 12));
    }
    const tables = await service.db.rawAsOwner(
      `select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'`,
    );
    for (const { relname } of tables) {
      const hits = await service.db.rawAsOwner(`select 1 from ${relname} t where t::text like $1`, [
        `%${piece}%`,
      ]);
      expect(hits, String(relname)).toEqual([]);
    }
    const logged = service.logLines.join('');
    // Of the requests, at least: an empty log would hold no key either.
    expect(logged).toContain('"route":"/articles"');
    expect(logged).not.toContain(piece);
  });
});

describe('the judged queries', () => {
  it.beforeAll(({ measured }) => void measured, 900_000);
  judgedQueriesFacts(it);
});

// Last: the tenant has another article from here on.
describe('an edit', () => {
  it('is found by its new meaning once it is embedded, and no longer by its old one', async ({ samples }) => {
    const created = await samples.call(samples.tenant.keys.user, 'POST', '/articles', {
      title: 'Feeding the office cat',
      body: 'The cat eats at nine in the morning and at five in the afternoon. Never give it milk.',
      category: 'reference',
      force: true,
    });
    const { id } = created.body.data;
    const embedded = () =>
      eventually(async () => {
        const { body } = await samples.call(samples.tenant.keys.agent, 'GET', `/articles/${id}`);
        return body.data.embedding.status === 'embedded' ? body.data : undefined;
      }, 120_000);
    await embedded();
    expect((await samples.search('semantic', 'when does our pet get its meals')).data[0].id).toBe(id);
    await samples.call(samples.tenant.keys.user, 'PATCH', `/articles/${id}`, {
      title: 'Watering the plants',
      body: 'The ficus wants water every Monday, the cactus once a month.',
    });
    await embedded();
    expect((await samples.search('semantic', 'how often should I irrigate the greenery')).data[0].id).toBe(
      id,
    );
    expect((await samples.search('semantic', 'when does our pet get its meals')).data[0].id).not.toBe(id);
  });
});

/** The samples of one tenant, embedded by their workflows; requests in its name, and everything that was answered. */
async function embedSamples(service: RunningService) {
  await service.startWorker();
  const tenant = await service.createTenant(providerKey);
  const key = tenant.keys.agent;
  const answers: string[] = [];

  const call: RunningService['call'] = async (...request) => {
    const answer = await service.call(...request);
    answers.push(JSON.stringify(answer.body));
    return answer;
  };
  const api: ApiClient = async (request) => {
    const answer = await createApiClient(service.apiUrl)(request);
    answers.push(JSON.stringify(answer.body));
    return answer;
  };

  // Without the gate, so each by its workflow.
  await publishSamples(api, key);
  await waitUntilEmbedded(api, key, { deadlineMs: 900_000, onProgress: () => undefined });
  const { data } = expectSuccess(
    await api({ path: '/articles?limit=100', key }),
    listed,
    'list the articles',
  );
  const idOf = new Map(data.map(({ id, metadata }) => [metadata.sample, id]));

  const search = async (mode: string, q: string) => {
    const answer = await call(
      tenant.keys.agent,
      'GET',
      `/knowledge/search?mode=${mode}&limit=5&q=${encodeURIComponent(q)}`,
    );
    expect(answer.status).toBe(200);
    return answer.body;
  };

  return { tenant, key, db: service.db, api, call, search, idOf, answers };
}

const listed = z.object({
  data: z.array(z.object({ id: z.string(), metadata: z.object({ sample: z.string() }) })),
});
