import { describe, expect } from 'vitest';
import { factsOfService } from '../../support/fixtures.ts';
import { failsOnWord, refusesWord, takesInputs } from '../../support/provider-refusals.ts';
import { twinKey, twinMarker } from '../../support/provider-twin.ts';
import { eventually, type RunningService } from '../../support/running-service.ts';
import type { TestTenant } from '../../support/test-services.ts';

const it = factsOfService().extend('worker', { scope: 'file' }, async ({ service }) => service.startWorker());

describe('an article with a text that the provider refuses', () => {
  it('is embedded in part: it says which, is found, counted and listed', async ({
    twin,
    service,
    worker,
    tenant,
    key,
  }) => {
    expect(worker).toBeDefined();
    twin.script(key, [], refusesWord('part 3 '));
    const id = await write(service, tenant, 'Guilty', sections(5));
    const article = await settled(service, tenant, id);
    expect(article.embedding).toMatchObject({
      ...{ status: 'partial', reason: null, chunks: 5 },
      rejected_chunks: [{ heading: 'part 3', code: 'input_rejected' }],
    });
    expect(JSON.stringify(article)).not.toContain(twinMarker);
    const read = (path: string) => service.call(tenant.keys.agent, 'GET', path);
    const listed = await read('/articles?embedding_status=partial');
    expect(listed.body.data.map((each: { id: string }) => each.id)).toEqual([id]);
    const { data } = (await read('/knowledge/embeddings')).body;
    expect([data.coverage, data.statuses.partial]).toEqual([{ published: 1, embedded: 1 }, 1]);
    const found = await read('/knowledge/search?q=words%20of%20part%201&mode=semantic');
    expect(found.body.meta.fallback).toBe(false);
    expect(found.body.data.map((each: { id: string }) => each.id)).toEqual([id]);

    // An edit of the text makes it whole.
    await service.call(tenant.keys.user, 'PATCH', `/articles/${id}`, { body: sections(3) });
    const edited = await settled(service, tenant, id);
    expect(edited.embedding).toMatchObject({ status: 'embedded', rejected_chunks: [] });
  });

  it('does not keep the others of a backlog, whose calls are no larger than the provider takes', async ({
    twin,
    service,
    worker,
  }) => {
    expect(worker).toBeDefined();
    const tenant = await service.createTenant();
    const key = twinKey();
    const failing = failsOnWord('BAD');
    const small = takesInputs(4);
    twin.script(key, [], {
      kind: 'by',
      step: (inputs) => (inputs.some((text) => text.includes('BAD')) ? failing : small),
    });
    const good = [];
    for (let i = 0; i < 8; i += 1)
      good.push(await write(service, tenant, `Good ${i}`, sections(6, `topic${i}`)));
    const bad = await write(service, tenant, 'Guilty', `${sections(3)}\n\n${sections(1, 'BAD')}`);
    await tenant.setEmbeddingKey(key);
    for (const id of good) expect((await settled(service, tenant, id)).embedding.status).toBe('embedded');
    expect((await settled(service, tenant, bad)).embedding).toMatchObject({
      ...{ status: 'partial', chunks: 4 },
      rejected_chunks: [{ heading: 'BAD 0', code: 'input_rejected' }],
    });
    const { embedding } = await service.services.providerStates.view(tenant.id);
    expect(embedding.state).toBe('closed');
    const view = await eventually(async () => {
      const { data } = (await service.call(tenant.keys.agent, 'GET', '/knowledge/embeddings')).body;
      return data.backfill.in_progress ? undefined : data;
    });
    expect(view.coverage).toEqual({ published: 9, embedded: 9 });
  });
});

const sections = (count: number, name = 'part') =>
  Array.from(
    { length: count },
    (_, i) => `## ${name} ${i}\n\n${`Words of ${name} ${i} and of no other one at all. `.repeat(18)}`,
  ).join('\n\n');

async function write(service: RunningService, { keys }: TestTenant, title: string, body: string) {
  const fields = { title, body, category: 'finding', force: true };
  const created = await service.call(keys.agent, 'POST', '/articles', fields);
  return String(created.body.data.id);
}

/** The article once its embedding has come to an end. */
const settled = (service: RunningService, { keys }: TestTenant, id: string) =>
  eventually(async () => {
    const { data } = (await service.call(keys.agent, 'GET', `/articles/${id}`)).body;
    return ['pending', 'blocked'].includes(data.embedding.status) ? undefined : data;
  });
