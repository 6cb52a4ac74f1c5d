import { randomUUID } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect } from 'vitest';
import { createActivities } from '../../../activities/index.ts';
import type { ReviewActivities } from '../../../activities/reviews.ts';
import type { ReviewRef } from '../../../src/domain/extract-content.ts';
import { maxDrafts } from '../../../src/reviews/review.ts';
import { factsOfServicesAndVault } from '../../support/fixtures.ts';
import { twinKey } from '../../support/provider-twin.ts';
import { recentDays } from '../../support/recent-days.ts';
import type { TestServices, TestTenant } from '../../support/test-services.ts';
import { installQuietRuntime } from '../../support/workflow-environment.ts';

const it = factsOfServicesAndVault(({ twin }) => ({ ANTHROPIC_BASE_URL: twin.anthropicBaseUrl }))
  .extend('tenant', async ({ test, key }): Promise<TestTenant> => {
    const tenant = await test.createTenant();
    await tenant.setAnthropicKey(key);
    return tenant;
  })
  .extend('walk', { scope: 'file' }, ({ test }) => openWalk(test));

const whole = { part: 0, half: 0 } as const;

describe('prepareReview', () => {
  it('names the passages that are left, and shows that the review is under way, the same twice', async ({
    tenant,
    walk,
  }) => {
    const review = await walk.create(tenant, 2);
    const ready = { kind: 'ready', passages: [0, 1] };
    expect(await walk.run('prepareReview', { ...review, tries: 0 })).toEqual(ready);
    const sealed = await walk.wrappedKey(review);
    expect(await walk.run('prepareReview', { ...review, tries: 0 })).toEqual(ready);
    expect([await walk.wrappedKey(review), (await walk.read(review)).status]).toEqual([sealed, 'running']);
  });

  it('blocks the review of a tenant without a key and counts it, and touches no other tenant’s', async ({
    test,
    tenant,
    walk,
  }) => {
    const keyless = await test.createTenant();
    const review = await walk.create(keyless);
    const other = await walk.create(tenant);
    expect(await walk.run('prepareReview', { ...review, tries: 0 })).toEqual({ kind: 'no_api_key' });
    expect(await walk.read(review)).toMatchObject({ status: 'blocked', code: 'no_api_key' });
    expect(await walk.read(other)).toMatchObject({ status: 'queued', code: null });
    const audited = await test.services.audit.list(keyless.id, {
      action: 'llm.blocked_no_api_key',
      limit: 9,
    });
    expect(audited).toMatchObject([{ details: { operation: 'extraction', count: 1 } }]);
  });

  it('finds nothing of another tenant’s review', async ({ test, tenant, walk }) => {
    const { reviewId } = await walk.create(tenant);
    const stranger = { tenantId: (await test.createTenant()).id, reviewId };
    expect(await walk.run('prepareReview', { ...stranger, tries: 0 })).toEqual({ kind: 'gone' });
  });

  it('waits for Vault and shows until when', async ({ tenant, vault, walk }) => {
    const review = await walk.create(tenant);
    await vault.cut();
    const prepared = await walk.run('prepareReview', { ...review, tries: 0 });
    await vault.restore();
    expect(prepared).toEqual({ kind: 'waits', code: 'vault_unavailable', retryInMs: 2_000 });
    expect(await walk.read(review)).toMatchObject({
      code: 'vault_unavailable',
      nextAttemptAt: expect.any(Date),
    });
  });
});

describe('extractReviewPassage', () => {
  it('buys the answer about all findings once, however often it is asked', async ({
    twin,
    tenant,
    key,
    walk,
  }) => {
    const review = await walk.ready(tenant);
    const input = { ...review, ...whole, tries: 0 };
    const answered = await walk.run('extractReviewPassage', input);
    expect(answered).toEqual({ kind: 'answered', articles: 1 });
    expect(await walk.run('extractReviewPassage', input)).toEqual(answered);
    const [call, ...more] = twin.callsOf(key);
    expect(more).toEqual([]);
    for (const words of ['A summary.', 'Finding 0', 'critical', 'Mended.'])
      expect(call?.inputs.at(-1)).toContain(words);
  });

  it('enters what it has bought in the ledger', async ({ test, tenant, walk }) => {
    const review = await walk.ready(tenant);
    await walk.run('extractReviewPassage', { ...review, ...whole, tries: 0 });
    const { rows } = await test.services.usage.report(tenant.id, {
      ...recentDays(),
      groupBy: ['operation'],
    });
    expect(rows).toMatchObject([{ operation: 'extraction', calls: 1 }]);
  });

  it('fails for good on a key that the provider rejects', async ({ twin, tenant, key, walk }) => {
    const review = await walk.ready(tenant);
    twin.script(key, [{ kind: 'status', status: 401 }]);
    const failure = await failureOf(walk.run('extractReviewPassage', { ...review, ...whole, tries: 0 }));
    expect(failure).toMatchObject({ type: 'credential_rejected', nonRetryable: true });
  });

  it('waits for a provider that is away, and shows on the review until when', async ({
    twin,
    tenant,
    key,
    walk,
  }) => {
    const review = await walk.ready(tenant);
    twin.script(key, [{ kind: 'status', status: 503 }]);
    const waits = { kind: 'waits', code: 'provider_unavailable', retryInMs: 15_000 };
    expect(await walk.run('extractReviewPassage', { ...review, ...whole, tries: 0 })).toEqual(waits);
    expect(await walk.read(review)).toMatchObject({
      code: 'provider_unavailable',
      nextAttemptAt: expect.any(Date),
    });
  });

  it.for([
    ['refusal', 'answer_refused'],
    ['max_tokens', 'answer_cut'],
  ] as const)(
    'says of an answer with the stop reason %s that this passage cannot be used',
    async ([stopReason, code], { twin, tenant, key, walk }) => {
      const review = await walk.ready(tenant);
      twin.script(key, [{ kind: 'ok', stopReason }]);
      const input = { ...review, ...whole, tries: 0 };
      expect(await walk.run('extractReviewPassage', input)).toEqual({ kind: 'unusable', code });
      expect(await walk.run('extractReviewPassage', input)).toEqual({ kind: 'unusable', code });
      expect(twin.callsOf(key)).toHaveLength(1);
    },
  );

  it('asks about a half with the half of the text', async ({ twin, tenant, key, walk }) => {
    const review = await walk.ready(tenant);
    await walk.run('extractReviewPassage', { ...review, part: 0, half: 2, tries: 0 });
    const text = twin.callsOf(key)[0]?.inputs.at(-1) ?? '';
    expect([text.includes('Mended.'), text.includes('A summary.')]).toEqual([true, false]);
  });
});

describe('draftReviewArticles', () => {
  it('makes drafts by the author of the review, once', async ({ test, tenant, walk }) => {
    const review = await walk.ready(tenant);
    const input = { ...review, ...whole, isLast: true, tries: 0 };
    await walk.run('extractReviewPassage', { ...review, ...whole, tries: 0 });
    expect(await walk.run('draftReviewArticles', input)).toEqual({ kind: 'drafted' });
    expect(await walk.run('draftReviewArticles', input)).toEqual({ kind: 'drafted' });
    const articles = await walk.articles(tenant);
    expect(articles).toMatchObject([{ status: 'draft', sourceType: 'review' }]);
    expect(articles[0]?.metadata).toMatchObject({ review_id: review.reviewId, review_type: 'incident' });
    const made = await test.services.audit.list(tenant.id, { action: 'article.created', limit: 9 });
    expect(made.map(({ actor }) => actor.keyId)).toEqual([tenant.actor.keyId]);
    expect((await walk.read(review)).draftedPassages).toEqual([0]);
  });

  it('makes no more than five drafts of a review, whatever the model says', async ({
    twin,
    tenant,
    key,
    walk,
  }) => {
    twin.answer(key, () => ({
      articles: Array.from({ length: 9 }, () => articleOf(`Lesson ${randomUUID()}`)),
    }));
    const review = await walk.ready(tenant, 2);
    for (const part of [0, 1]) {
      await walk.run('extractReviewPassage', { ...review, part, half: 0, tries: 0 });
      await walk.run('draftReviewArticles', { ...review, part, half: 0, isLast: true, tries: 0 });
    }
    expect(await walk.articles(tenant)).toHaveLength(maxDrafts);
  });

  it('makes nothing for another tenant', async ({ test, tenant, walk }) => {
    const review = await walk.ready(tenant);
    await walk.run('extractReviewPassage', { ...review, ...whole, tries: 0 });
    const stranger = await test.createTenant();
    const input = { tenantId: stranger.id, reviewId: review.reviewId, ...whole, isLast: true, tries: 0 };
    expect(await walk.run('draftReviewArticles', input)).toMatchObject({ kind: 'waits', code: 'internal' });
    expect([await walk.articles(stranger), await walk.articles(tenant)]).toEqual([[], []]);
  });

  it('fails for good where its data key does not open', async ({ test, tenant, walk }) => {
    const review = await walk.ready(tenant);
    await walk.run('extractReviewPassage', { ...review, ...whole, tries: 0 });
    const other = await walk.ready(await test.createTenant(), 1, twinKey());
    await test.db.rawAsOwner(
      'update reviews set wrapped_key = (select wrapped_key from reviews where id = $2) where id = $1',
      [review.reviewId, other.reviewId],
    );
    const failure = await failureOf(
      walk.run('draftReviewArticles', { ...review, ...whole, isLast: true, tries: 0 }),
    );
    expect(failure).toMatchObject({ type: 'key_unusable', nonRetryable: true });
  });
});

describe('finishReview', () => {
  it('completes the review, the same twice, and forgets the answers and their key', async ({
    test,
    tenant,
    walk,
  }) => {
    const review = await walk.drafted(tenant);
    const completed = { outcome: 'completed', passages: 1 };
    expect(await walk.run('finishReview', review)).toEqual({ ...completed, articles: 1 });
    expect(await walk.run('finishReview', review)).toMatchObject(completed);
    expect(await walk.read(review)).toMatchObject({
      status: 'completed',
      wrappedKey: null,
      finishedAt: expect.any(Date),
    });
    const answers = await test.db.rawAsOwner('select 1 from extraction_answers where tenant_id = $1', [
      tenant.id,
    ]);
    expect(answers).toEqual([]);
    const audited = await test.services.audit.list(tenant.id, { action: 'review.extracted', limit: 9 });
    expect(audited).toMatchObject([{ details: { status: 'completed', articles: 1 } }]);
    expect(await walk.run('prepareReview', { ...review, tries: 0 })).toMatchObject({ kind: 'ended' });
  });

  it('is partial where some of it is drafted, and failed where nothing is', async ({ tenant, walk }) => {
    const some = await walk.drafted(tenant);
    const none = await walk.ready(tenant);
    expect(await walk.run('finishReview', { ...some, code: 'answer_refused' })).toMatchObject({
      outcome: 'partial',
    });
    expect(await walk.run('finishReview', { ...none, code: 'answer_refused' })).toMatchObject({
      outcome: 'failed',
    });
    expect(await walk.read(some)).toMatchObject({ status: 'partial', code: 'answer_refused' });
  });

  it('is partial where one half of its passage is drafted, and the other cannot be used', async ({
    tenant,
    walk,
  }) => {
    const review = await walk.ready(tenant);
    const half = { ...review, part: 0, half: 2, tries: 0 } as const;
    await walk.run('extractReviewPassage', half);
    await walk.run('draftReviewArticles', { ...half, isLast: false });
    expect(await walk.run('finishReview', { ...review, code: 'answer_refused' })).toMatchObject({
      ...{ outcome: 'partial', articles: 1 },
    });
    expect(await walk.read(review)).toMatchObject({ status: 'partial', code: 'answer_refused' });
  });

  it('leaves the answers of a partial review to its retry, which buys only what had none', async ({
    twin,
    test,
    tenant,
    key,
    walk,
  }) => {
    const review = await walk.ready(tenant);
    twin.script(key, [
      { kind: 'ok', stopReason: 'max_tokens' },
      { kind: 'ok' },
      { kind: 'ok', stopReason: 'refusal' },
    ]);
    const ask = (half: 0 | 1 | 2) => walk.run('extractReviewPassage', { ...review, part: 0, half, tries: 0 });
    expect(await ask(0)).toEqual({ kind: 'unusable', code: 'answer_cut' });
    expect(await ask(1)).toMatchObject({ kind: 'answered' });
    await walk.run('draftReviewArticles', { ...review, part: 0, half: 1, isLast: false, tries: 0 });
    expect(await ask(2)).toEqual({ kind: 'unusable', code: 'answer_refused' });
    await walk.run('finishReview', { ...review, code: 'answer_refused' });
    expect(twin.callsOf(key)).toHaveLength(3);

    expect(await test.services.reviews.retry(tenant.actor, review.reviewId)).toMatchObject({ kind: 'ok' });
    await walk.run('prepareReview', { ...review, tries: 0 });
    expect(await ask(0)).toEqual({ kind: 'unusable', code: 'answer_cut' });
    expect(await ask(1)).toMatchObject({ kind: 'answered' });
    expect(await ask(2)).toMatchObject({ kind: 'answered' });
    expect(twin.callsOf(key)).toHaveLength(4);
  });

  it('blocks the review where a person has to act, and keeps the answers that are paid for', async ({
    twin,
    tenant,
    key,
    walk,
  }) => {
    const review = await walk.ready(tenant);
    await walk.run('extractReviewPassage', { ...review, ...whole, tries: 0 });
    await walk.run('finishReview', { ...review, code: 'quota_exhausted' });
    expect(await walk.read(review)).toMatchObject({
      status: 'blocked',
      code: 'quota_exhausted',
      finishedAt: null,
    });
    await walk.run('prepareReview', { ...review, tries: 0 });
    await walk.run('extractReviewPassage', { ...review, ...whole, tries: 0 });
    expect(twin.callsOf(key)).toHaveLength(1);
  });
});

const articleOf = (title: string) => ({
  title,
  body: `${title}: what it teaches.`,
  category: 'pattern',
  tags: [],
});

/** The activities of ExtractReview, run without a workflow, and the reviews that they work on. */
function openWalk(test: TestServices) {
  installQuietRuntime();
  const activities = createActivities(test.services);
  const { reviews, database } = test.services;

  /** Runs an activity as Temporal would. */
  function run<Name extends keyof ReviewActivities>(
    name: Name,
    ...args: Parameters<ReviewActivities[Name]>
  ): Promise<Awaited<ReturnType<ReviewActivities[Name]>>> {
    const env = new MockActivityEnvironment({ attempt: 1 });
    return env.run(activities[name] as (...args: unknown[]) => Promise<never>, ...args);
  }

  /** A review with as many passages. */
  async function create(tenant: TestTenant, passages = 1): Promise<ReviewRef> {
    const findings = Array.from({ length: passages }, (_, i) => ({
      title: `Finding ${i}`,
      body: `What was found. ${'x'.repeat(passages === 1 ? 0 : 7_900)}`,
      severity: 'critical',
      resolution: 'Mended.',
    }));
    const created = await reviews.create(tenant.actor, {
      reviewType: 'incident',
      summary: 'A summary.',
      findings,
    });
    return { tenantId: tenant.id, reviewId: created.review.id };
  }

  async function ready(tenant: TestTenant, passages = 1, newKey?: string): Promise<ReviewRef> {
    if (newKey !== undefined) await tenant.setAnthropicKey(newKey);
    const review = await create(tenant, passages);
    const prepared = await run('prepareReview', { ...review, tries: 0 });
    if (prepared.kind !== 'ready') throw new Error(prepared.kind);
    return review;
  }

  async function drafted(tenant: TestTenant): Promise<ReviewRef> {
    const review = await ready(tenant);
    await run('extractReviewPassage', { ...review, ...whole, tries: 0 });
    await run('draftReviewArticles', { ...review, ...whole, isLast: true, tries: 0 });
    return review;
  }

  async function read({ tenantId, reviewId }: ReviewRef) {
    const found = await reviews.get(tenantId, reviewId);
    if (found === undefined) throw new Error('no review');
    return found.review;
  }

  return {
    ...{ run, create, ready, drafted, read },
    wrappedKey: async (review: ReviewRef) => (await read(review)).wrappedKey,
    articles: ({ id }: TestTenant) =>
      database.withTenant(id, async (tx) => {
        const ids: string[] = await tx('articles').orderBy('created_at').pluck('id');
        const found = await Promise.all(ids.map((each) => test.services.articles.get(id, each)));
        return found.filter((article) => article !== undefined);
      }),
  };
}

/** The failure that Temporal would get. */
async function failureOf(promise: Promise<unknown>): Promise<ApplicationFailure> {
  const error = await promise.catch((thrown: unknown) => thrown);
  if (error instanceof ApplicationFailure) return error;
  throw new Error('it has not failed as an activity does');
}
