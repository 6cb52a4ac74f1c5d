import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/running-service.ts';
import type { TestTenant } from '../support/test-services.ts';
import { canaryKey } from './canaries.ts';
import { type ComposedService, composeService } from './composed-service.ts';

let service: ComposedService;
/** Articles whose first attempt dies after it has stored what it bought. */
const dying = new Set<string>();

beforeAll(async () => {
  service = await composeService(
    {},
    {
      activities: (real) => ({
        ...real,
        async generateEmbedding(input) {
          const generated = await real.generateEmbedding(input);
          if (dying.delete(input.tenantId)) throw new Error('the power has gone');
          return generated;
        },
      }),
    },
  );
}, 60_000);

afterAll(async () => {
  await service?.close();
});

interface Paying {
  readonly tenant: TestTenant;
  readonly key: string;
}

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

describe('what was bought', () => {
  it('is not bought again by the attempt after one that died when it had stored it', async () => {
    const paying = await createPaying();
    dying.add(paying.tenant.id);
    const id = await publish(paying, { title: 'Dying', body: 'Some text.' });
    await settled(paying, id);
    expect(dying.has(paying.tenant.id)).toBe(false);
    expect(service.twin.callsOf(paying.key)).toHaveLength(1);
    expect(await ledgerRows(paying)).toBe(1);
  });

  it('is not bought again by twenty changes and five retries at once, nor by two calls at one time', async () => {
    const paying = await createPaying();
    service.twin.script(paying.key, [], { kind: 'ok', delayMs: 150 });
    const id = await publish(paying, { title: 'Busy', body: 'The first text.' });
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
    await settled(paying, id);
    const calls = service.twin.callsOf(paying.key);
    expect(service.twin.mostAtOnce(paying.key)).toBe(1);
    // The first text, and the last once all was quiet; one more where the burst outlasted the quiet.
    expect(calls.length).toBeGreaterThanOrEqual(2);
    expect(calls.length).toBeLessThanOrEqual(3);
    expect(await ledgerRows(paying)).toBe(calls.length);
  });

  it('serves another article of the tenant that says the same', async () => {
    const paying = await createPaying();
    const text = { title: 'Said twice', body: `The same words. ${randomUUID()}` };
    await settled(paying, await publish(paying, text));
    await settled(paying, await publish(paying, text));
    expect(service.twin.callsOf(paying.key)).toHaveLength(1);
  });

  it('serves no other tenant', async () => {
    const text = { title: 'Said by two', body: `The same words. ${randomUUID()}` };
    const [one, other] = [await createPaying(), await createPaying()];
    await settled(one, await publish(one, text));
    await settled(other, await publish(other, text));
    expect(service.twin.callsOf(other.key)).toHaveLength(1);
  });

  // Known and accepted: each workflow looks for the chunk before the other has stored it.
  it('is bought by each of two articles that say the same at the same moment, and entered for each', async () => {
    const paying = await createPaying();
    await settled(paying, await publish(paying, { title: 'Before', body: 'Makes the space.' }));
    service.twin.script(paying.key, [], { kind: 'ok', delayMs: 500 });
    const text = { title: 'Said at once', body: `The same words. ${randomUUID()}` };
    const ids = await Promise.all([publish(paying, text), publish(paying, text)]);
    for (const id of ids) await settled(paying, id);
    const calls = service.twin.callsOf(paying.key).length - 1;
    process.stdout.write(`two articles of one text at one moment: ${calls} calls\n`);
    expect(calls).toBeLessThanOrEqual(2);
    expect(await ledgerRows(paying)).toBe(calls + 1);
  });
});
