import { describe, expect } from 'vitest';
import { chunkArticle, cutText } from '../../../src/domain/chunks.ts';
import { createBuyVectors } from '../../../src/proposals/buy-vectors.ts';
import { createProposalVectors } from '../../../src/proposals/vectors.ts';
import { createArticle } from '../../support/articles.ts';
import { embedOnce } from '../../support/embed-once.ts';
import { factsOfServices } from '../../support/fixtures.ts';
import { prepareCall } from '../../support/prepare-call.ts';
import { twinKey } from '../../support/provider-twin.ts';
import type { TestServices, TestTenant } from '../../support/test-services.ts';

const it = factsOfServices(() => ({ WORKER_MAX_ACTIVITIES: '50', EMBEDDING_DEFAULT_MODEL: 'twin-model' }));

const text = { title: 'A title', body: 'The text of a proposal.' };
const slowMs = 400;

describe('vectors that come when the proposal’s author has stopped waiting', () => {
  it('are found by the article’s workflow, which buys nothing', async ({ twin, test, tenant, key }) => {
    twin.script(key, [{ kind: 'ok', delayMs: slowMs }]);
    const late = await openProcess(test).embed(tenant.id, text, slowMs / 4);
    expect(late).toEqual({ kind: 'failed', code: 'provider_timeout' });
    const article = await createArticle(test, tenant, text);

    // As long as the call is under way, the workflow waits for it.
    const buy = await prepareCall(test, article);
    expect(await buy()).toEqual({ kind: 'claimed', retryInMs: 1_000 });
    await ended(test, tenant, 1);
    expect(await embedOnce(test, article)).toBe('unchanged');
    expect(twin.callsOf(key)).toHaveLength(1);
    expect(await purchasesOf(test, tenant)).toEqual([]);
    expect(await vectorsOf(test, tenant)).toBe(1);
  });

  it('are used again by the same proposal, and end with their time', async ({ twin, test, tenant, key }) => {
    await openProcess(test).embed(tenant.id, text, 5_000);
    expect(await openProcess(test).embed(tenant.id, text, 5_000)).toMatchObject({ kind: 'embedded' });
    expect(twin.callsOf(key)).toHaveLength(1);
    await test.db.rawAsOwner(
      `update chunk_purchases set expires_at = expires_at - interval '1 hour' where tenant_id = $1`,
      [tenant.id],
    );
    expect(await openProcess(test).embed(tenant.id, text, 5_000)).toMatchObject({ kind: 'embedded' });
    expect(twin.callsOf(key)).toHaveLength(2);
    expect(await purchasesOf(test, tenant)).toHaveLength(1);
  });

  it('are no other tenant’s', async ({ twin, test, tenant }) => {
    const otherKey = twinKey();
    const other = await test.createTenant(otherKey);
    await openProcess(test).embed(tenant.id, text, 5_000);
    expect(await embedOnce(test, await createArticle(test, other, text))).toBe('embedded');
    expect(twin.callsOf(otherKey)).toHaveLength(1);
    expect(await purchasesOf(test, tenant)).toHaveLength(1);
  });

  it('of another dimension than the space are bought again', async ({ twin, test, tenant, key }) => {
    twin.script(key, [{ kind: 'ok', dimensions: 8 }]);
    await openProcess(test).embed(tenant.id, text, 5_000);
    const article = await createArticle(test, tenant, text);
    const elsewhere = await createArticle(test, tenant, { body: 'Another text.' });
    expect(await embedOnce(test, elsewhere)).toBe('embedded');
    expect(await embedOnce(test, article)).toBe('embedded');
    expect(await purchasesOf(test, tenant)).toEqual([]);
  });
});

describe('a proposal of chunks that a space has which does not serve yet', () => {
  it('is compared by those vectors, at once and for nothing', async ({ twin, test, tenant, key }) => {
    expect(await embedOnce(test, await createArticle(test, tenant, text))).toBe('embedded');
    await test.db.rawAsOwner(`update embedding_spaces set state = 'building' where tenant_id = $1`, [
      tenant.id,
    ]);
    await test.db.rawAsOwner(
      `insert into embedding_spaces (tenant_id, id, target_id, vendor, base_url, model, input_style, dimensions, chunker_version, state)
       select tenant_id, gen_random_uuid(), target_id, vendor, base_url, model, input_style, dimensions, chunker_version - 1, 'serving'
         from embedding_spaces where tenant_id = $1`,
      [tenant.id],
    );
    const calls = twin.callsOf(key).length;
    const embedded = await openProcess(test, slowMs).embed(tenant.id, text, 5_000);
    expect(embedded.kind === 'embedded' && embedded.proposal.bought.size).toBe(1);
    expect(twin.callsOf(key)).toHaveLength(calls);
  });

  it('looks again after a pause where they cannot be used', async ({ twin, test, tenant, key }) => {
    twin.script(key, [{ kind: 'ok', dimensions: 8 }]);
    await openProcess(test).embed(tenant.id, text, 5_000);
    const elsewhere = await createArticle(test, tenant, { body: 'Another text.' });
    expect(await embedOnce(test, elsewhere)).toBe('embedded');
    let transactions = 0;
    const { database } = test.services;
    const counted: typeof database.withTenant = (...given) => {
      transactions += 1;
      return database.withTenant(...given);
    };
    expect((await openProcess(test, slowMs, counted).embed(tenant.id, text, 5_000)).kind).toBe('failed');
    expect(transactions).toBeLessThan(10);
  });
});

describe('the same proposal in several processes at once', () => {
  it('is bought by one of them, and the others wait for its vectors', async ({ twin, test, tenant, key }) => {
    twin.script(key, [], { kind: 'ok', delayMs: slowMs });
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => openProcess(test).embed(tenant.id, text, 5_000)),
    );
    const [{ hash } = { hash: '' }] = chunkArticle(text);
    for (const answer of answers) {
      expect(answer.kind === 'embedded' && answer.proposal.bought.has(hash)).toBe(true);
    }
    expect(twin.callsOf(key)).toHaveLength(1);
  });

  it('is bought by another one when the call has failed', async ({ twin, test, tenant, key }) => {
    twin.script(key, [{ kind: 'status', status: 503 }]);
    const answers = await Promise.all(
      Array.from({ length: 2 }, () => openProcess(test).embed(tenant.id, text, 5_000)),
    );
    expect(answers.map(({ kind }) => kind).sort()).toEqual(['embedded', 'failed']);
    expect(twin.callsOf(key)).toHaveLength(2);
  });

  it('is not waited for without end: nothing compared is no verdict', async ({ twin, test, tenant, key }) => {
    twin.script(key, [{ kind: 'ok', delayMs: 2_000 }]);
    const buying = openProcess(test).embed(tenant.id, text, 5_000);
    while (twin.callsOf(key).length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await openProcess(test, slowMs).embed(tenant.id, text, 5_000)).toEqual({
      kind: 'failed',
      code: 'provider_timeout',
    });
    expect(await buying).toMatchObject({ kind: 'embedded' });
    expect(twin.callsOf(key)).toHaveLength(1);
  });
});

/** The vectors of proposals as another process has them: with a memory of its own. */
function openProcess(
  { services, environment }: TestServices,
  attemptTimeoutMs = 4_000,
  withTenant = services.database.withTenant,
) {
  const { guard, embedding, batches } = services;
  const database = { withTenant };
  const metrics = { chunksBought: () => undefined, callRefused: () => undefined };
  const buy = createBuyVectors({ database, embedding, batches, metrics, timeoutMs: attemptTimeoutMs });
  return createProposalVectors({
    ...{ database, guard, buy, maxChunks: environment.GATE_MAX_CHUNKS },
    cutter: { cut: async (_tenantId, text) => cutText(text) },
  });
}

const purchasesOf = (test: TestServices, { id }: TestTenant) =>
  test.db.rawAsOwner('select chunk_hash, call_id from chunk_purchases where tenant_id = $1', [id]);

async function vectorsOf(test: TestServices, { id }: TestTenant): Promise<unknown> {
  const [row] = await test.db.rawAsOwner(
    'select count(*)::int as count from chunk_vectors where tenant_id = $1',
    [id],
  );
  return row?.count;
}

/** Waits until so many calls of the tenant have ended. */
async function ended(test: TestServices, { id }: TestTenant, calls: number): Promise<void> {
  for (;;) {
    const rows = await test.db.rawAsOwner(
      'select 1 from provider_calls where tenant_id = $1 and finished_at is not null',
      [id],
    );
    if (rows.length >= calls) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
