import { describe, expect } from 'vitest';
import type { ArticleRef } from '../../../src/domain/embed-article.ts';
import { createArticle } from '../../support/articles.ts';
import { factsOfServices } from '../../support/fixtures.ts';
import { recentDays } from '../../support/recent-days.ts';
import type { TestServices, TestTenant } from '../../support/test-services.ts';

const it = factsOfServices(() => ({ WORKER_MAX_ACTIVITIES: '20', EMBEDDING_BATCH_CHUNKS: '64' }));

const articles = 20;

describe('articles of one tenant that are embedded at the same time', () => {
  it('share calls, and each has a record of its own, whose tokens add up to what the provider has told', async ({
    twin,
    test,
    tenant,
    key,
  }) => {
    const refs = await publishMany(test, tenant);
    const first = await embedAll(test, refs.slice(0, 1));
    const embedded = [...first, ...(await embedAll(test, refs.slice(1)))];
    expect(embedded.map(({ kind }) => kind)).toEqual(Array(articles).fill('embedded'));
    const calls = twin.callsOf(key);
    expect(calls.length).toBeLessThan(articles);
    const sent = calls.flatMap(({ inputs }) => inputs);
    expect(sent.length).toBe(new Set(sent).size);
    const told = calls.reduce((sum, { tokens }) => sum + tokens, 0);
    const records = await recordsOf(test, tenant);
    expect(records.length).toBe(articles);
    expect(new Set(records.map(({ subject }) => subject)).size).toBe(articles);
    expect(records.reduce((sum, { tokens }) => sum + tokens, 0)).toBe(told);
    const { rows } = await test.services.usage.report(tenant.id, { ...recentDays(), groupBy: [] });
    expect(rows).toMatchObject([{ calls: articles, input_tokens: told }]);
    expect(embedded.reduce((sum, each) => sum + ('inputTokens' in each ? each.inputTokens : 0), 0)).toBe(
      told,
    );
  });

  it('are all embedded but the one whose text the provider refuses', async ({ twin, test, tenant, key }) => {
    twin.script(key, [], {
      kind: 'by',
      step: (inputs) =>
        inputs.some((text) => text.includes('words of article 7.'))
          ? { kind: 'status', status: 400 }
          : { kind: 'ok' },
    });
    const refs = await publishMany(test, tenant);
    const kinds = (await embedAll(test, refs)).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind !== 'embedded')).toEqual(['more']);
    expect(kinds[7]).toBe('more');
    const billed = twin.callsOf(key).filter((call) => call.billed);
    const sent = billed.flatMap(({ inputs }) => inputs);
    expect(sent.length).toBe(articles - 1);
    const records = await recordsOf(test, tenant);
    expect(records.reduce((sum, { tokens }) => sum + tokens, 0)).toBe(
      billed.reduce((sum, { tokens }) => sum + tokens, 0),
    );
  });

  it('count an outage of the provider once a call', async ({ twin, test, tenant, key }) => {
    const [first, ...refs] = await publishMany(test, tenant, 9);
    if (first === undefined) throw new Error('no article');
    await embedAll(test, [first]);
    twin.script(key, [], { kind: 'status', status: 503 });
    const kinds = (await embedAll(test, refs)).map(({ kind }) => kind);
    expect(kinds).toEqual(Array(8).fill('waits'));
    const failed = twin.callsOf(key).length - 1;
    const failures = await test.db.rawAsOwner(
      'select cardinality(failed_at) as failures from breakers where tenant_id = $1 and caller = $2',
      [tenant.id, 'background'],
    );
    expect(failures).toEqual([{ failures: failed }]);
  });

  it('leave no claim and no reservation behind', async ({ test, tenant }) => {
    await embedAll(test, await publishMany(test, tenant));
    const [left] = await test.db.rawAsOwner(
      `select (select count(*)::int from chunk_purchases where tenant_id = $1) as claims,
              (select coalesce(sum(reserved_tokens), 0)::int from monthly_usage where tenant_id = $1) as reserved,
              (select count(*)::int from provider_calls where tenant_id = $1 and outcome is null) as open`,
      [tenant.id],
    );
    expect(left).toEqual({ claims: 0, reserved: 0, open: 0 });
  });
});

it('one article alone waits for no other', async ({ test, tenant }) => {
  const [first, second] = await publishMany(test, tenant, 2);
  if (first === undefined || second === undefined) throw new Error('no articles');
  expect(await test.services.steps.embed(first)).toMatchObject({ kind: 'embedded' });
  expect(await test.services.steps.embed(second)).toMatchObject({ kind: 'embedded' });
});

const publishMany = (test: TestServices, tenant: TestTenant, count = articles) =>
  Promise.all(
    Array.from({ length: count }, (_, i) =>
      createArticle(test, tenant, { title: `Article ${i}`, body: `The words of article ${i}.` }),
    ),
  );

const embedAll = (test: TestServices, refs: readonly ArticleRef[]) =>
  Promise.all(refs.map((ref) => test.services.steps.embed(ref)));

async function recordsOf(test: TestServices, tenant: TestTenant) {
  const rows = await test.db.rawAsOwner(
    'select subject_id as subject, coalesce(input_tokens, 0)::int as tokens from provider_calls where tenant_id = $1',
    [tenant.id],
  );
  return rows.map(({ subject, tokens }) => ({ subject: String(subject), tokens: Number(tokens) }));
}
