import { randomUUID } from 'node:crypto';
import { test as base, describe, expect } from 'vitest';
import { eventually } from '../support/running-service.ts';
import type { TestTenant } from '../support/test-services.ts';
import { canaryKey } from './canaries.ts';
import { type ComposedService, composeService } from './composed-service.ts';

const it = base
  // Tenants for which the next activity dies after it has stored what it bought.
  .extend('dying', { scope: 'file' }, () => new Set<string>())
  .extend('service', { scope: 'file' }, async ({ dying }, { onCleanup }) => {
    const service = await composeDying(dying);
    onCleanup(() => service.close());
    return service;
  })
  .extend('articles', { scope: 'file' }, ({ service }) => openArticles(service))
  .extend('paying', ({ articles }) => articles.createPaying());
it.beforeAll(({ service }) => void service);

describe('what was bought', () => {
  it('is not bought again by the attempt after one that died when it had stored it', async ({
    dying,
    service,
    articles,
    paying,
  }) => {
    dying.add(paying.tenant.id);
    const id = await articles.publish(paying, { title: 'Dying', body: 'Some text.' });
    await articles.settled(paying, id);
    expect(dying.has(paying.tenant.id)).toBe(false);
    expect(service.twin.callsOf(paying.key)).toHaveLength(1);
    expect(await articles.ledgerRows(paying)).toBe(1);
  });

  it('is not bought again by twenty changes and five retries at once, nor by two calls at one time', async ({
    service,
    paying,
    articles,
  }) => {
    service.twin.script(paying.key, [], { kind: 'ok', delayMs: 150 });
    const id = await articles.publish(paying, { title: 'Busy', body: 'The first text.' });
    await eventually(async () => (service.twin.callsOf(paying.key).length > 0 ? true : undefined));
    const { keys } = paying.tenant;
    await Promise.all([
      ...Array.from({ length: 20 }, (_, n) =>
        service.call(keys.user, 'PATCH', `/articles/${id}`, { body: `Text number ${n}.` }),
      ),
      ...Array.from({ length: 5 }, () =>
        service.call(keys.orchestrator, 'POST', `/articles/${id}/embedding/retry`),
      ),
    ]);
    await articles.settled(paying, id);
    const calls = service.twin.callsOf(paying.key);
    expect(service.twin.mostAtOnce(paying.key)).toBe(1);
    // The first text, and the last once all was quiet; one more where the burst outlasted the quiet.
    expect(calls.length).toBeGreaterThanOrEqual(2);
    expect(calls.length).toBeLessThanOrEqual(3);
    expect(await articles.ledgerRows(paying)).toBe(calls.length);
  });

  it('serves another article of the tenant that says the same', async ({ service, paying, articles }) => {
    const text = { title: 'Said twice', body: `The same words. ${randomUUID()}` };
    await articles.settled(paying, await articles.publish(paying, text));
    await articles.settled(paying, await articles.publish(paying, text));
    expect(service.twin.callsOf(paying.key)).toHaveLength(1);
  });

  it('serves no other tenant', async ({ service, articles }) => {
    const text = { title: 'Said by two', body: `The same words. ${randomUUID()}` };
    const [one, other] = [await articles.createPaying(), await articles.createPaying()];
    await articles.settled(one, await articles.publish(one, text));
    await articles.settled(other, await articles.publish(other, text));
    expect(service.twin.callsOf(other.key)).toHaveLength(1);
  });

  it('is bought once for two articles that say the same at the same moment', async ({
    service,
    paying,
    articles,
  }) => {
    await articles.settled(
      paying,
      await articles.publish(paying, { title: 'Before', body: 'Makes the space.' }),
    );
    service.twin.script(paying.key, [], { kind: 'ok', delayMs: 500 });
    const text = { title: 'Said at once', body: `The same words. ${randomUUID()}` };
    const ids = await Promise.all([articles.publish(paying, text), articles.publish(paying, text)]);
    for (const id of ids) await articles.settled(paying, id);
    expect(service.twin.callsOf(paying.key)).toHaveLength(2);
    expect(await articles.ledgerRows(paying)).toBe(2);
  });
});

function composeDying(dying: Set<string>): Promise<ComposedService> {
  return composeService(
    {},
    {
      activities: (real) => ({
        ...real,
        async embedArticle(input) {
          const embedded = await real.embedArticle(input);
          if (dying.delete(input.tenantId)) throw new Error('the power has gone');
          return embedded;
        },
      }),
    },
  );
}

interface Paying {
  readonly tenant: TestTenant;
  readonly key: string;
}

/** Articles of tenants that pay for them with a key of their own, and what they have paid. */
function openArticles(service: ComposedService) {
  async function createPaying(): Promise<Paying> {
    const key = canaryKey();
    return { key, tenant: await service.createTenant(key) };
  }

  async function publish(
    { tenant }: Paying,
    text: { readonly title: string; readonly body: string },
  ): Promise<string> {
    const { data } = await service.call(tenant.keys.agent, 'POST', '/articles', {
      ...text,
      category: 'finding',
      // Its workflow is to pay, and two articles of one text are wanted.
      force: true,
    });
    return data.id;
  }

  /** Waits until the vectors are those of the article's text as it is now, and nothing is under way. */
  async function settled({ tenant }: Paying, id: string): Promise<void> {
    const handle = service.services.temporal.client.workflow.getHandle(`embed-article/${tenant.id}/${id}`);
    await eventually(async () => {
      const [row] = await service.db.rawAsOwner(
        `select e.status = 'embedded' and e.content_hash = a.content_hash as done,
              exists (select 1 from outbox o where o.subject_id = a.id) as waiting
         from articles a join article_embeddings e on e.article_id = a.id where a.id = $1`,
        [id],
      );
      if (row?.done !== true || row.waiting === true) return undefined;
      return (await handle.describe()).status.name === 'RUNNING' ? undefined : true;
    });
  }

  async function ledgerRows({ tenant }: Paying): Promise<number> {
    const rows = await service.db.rawAsOwner('select 1 from usage_ledger where tenant_id = $1', [tenant.id]);
    return rows.length;
  }

  return { createPaying, publish, settled, ledgerRows };
}
