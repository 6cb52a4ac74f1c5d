import { describe, expect } from 'vitest';
import { factsOfServices } from '../../support/fixtures.ts';
import { twinKey } from '../../support/provider-twin.ts';
import { sampleValue } from '../../support/scrape.ts';
import type { TestServices, TestTenant } from '../../support/test-services.ts';

const it = factsOfServices(({ twin }) => ({ ANTHROPIC_BASE_URL: twin.anthropicBaseUrl }))
  .extend('tenant', ({ test }): Promise<TestTenant> => test.createTenant())
  .extend('own', ({ test, tenant }) => reviewsOf(test, tenant));

describe('the reconciler', () => {
  it('requests the runs of reviews that nothing has worked on for a quarter of an hour, once', async ({
    own,
  }) => {
    const stuck = [await own.create('running', '16 minutes'), await own.create('queued', '16 minutes')];
    await own.create('running', '14 minutes');
    await own.create('completed', '16 minutes');
    expect(await own.requeued()).toEqual(stuck.toSorted());
    expect(await own.requeued()).toEqual([]);
  });

  it('leaves a review alone that has announced its next attempt', async ({ own }) => {
    await own.create('running', '16 minutes', 'in an hour');
    expect(await own.requeued()).toEqual([]);
  });

  it('goes on with a blocked review once its budget or quota is there again, and not before', async ({
    own,
  }) => {
    const over = await own.create('blocked', '1 minute', 'a minute ago');
    await own.create('blocked', '16 minutes', 'in an hour');
    await own.create('blocked', '16 minutes');
    expect(await own.requeued()).toEqual([over]);
    expect(await own.statusOf(over)).toBe('queued');
  });
});

describe('the gauge of reviews', () => {
  it('counts those of all tenants by status', async ({ test, own }) => {
    const other = reviewsOf(test, await test.createTenant());
    for (const reviews of [own, other]) await reviews.create('partial', '1 minute');
    const text = await test.metrics.scrape();
    expect(sampleValue(text, 'lorekeep_reviews', { status: 'partial' })).toBe(2);
  });
});

describe('a change of the tenant’s', () => {
  it.for(['a key', 'a model', 'a raised budget', 'a verified key', 'a reset breaker'] as const)(
    'that is %s wakes its blocked reviews and those under way, and no other tenant’s',
    async (change, { test, tenant, own }) => {
      await tenant.setAnthropicKey(twinKey());
      await test.services.llmConfig.update(tenant.actor, { monthly_token_budget: 1_000 });
      const woken = [await own.create('blocked', '1 minute'), await own.create('running', '1 minute')];
      await own.create('failed', '1 minute');
      const other = reviewsOf(test, await test.createTenant());
      const theirs = await other.create('blocked', '1 minute');
      await own.forgetRequests();

      await changes[change](test, tenant);
      expect(await own.requested()).toEqual(woken.toSorted());
      expect([await own.statusOf(woken[0]), await other.statusOf(theirs)]).toEqual(['queued', 'blocked']);
    },
  );

  it('that concerns embedding alone wakes none', async ({ tenant, own }) => {
    await own.create('blocked', '1 minute');
    await tenant.setEmbeddingKey(twinKey());
    expect(await own.requested()).toEqual([]);
  });
});

const changes = {
  'a key': (_: TestServices, tenant: TestTenant) => tenant.setAnthropicKey(twinKey()),
  'a model': (test: TestServices, { actor }: TestTenant) =>
    test.services.llmConfig.update(actor, { extraction_model: 'claude-other' }),
  'a raised budget': (test: TestServices, { actor }: TestTenant) =>
    test.services.llmConfig.update(actor, { monthly_token_budget: 2_000 }),
  'a verified key': (test: TestServices, { id }: TestTenant) => test.services.verification.verify(id),
  'a reset breaker': (test: TestServices, { actor }: TestTenant) =>
    test.services.providerStates.reset(actor, 'anthropic'),
};

/** Reviews as a run has left them, and what is requested of them. */
function reviewsOf(test: TestServices, tenant: TestTenant) {
  const sql = (statement: string, values: readonly unknown[] = []) =>
    test.db.rawAsOwner(statement, [tenant.id, ...values]);
  const times = { 'in an hour': '1 hour', 'a minute ago': '-1 minute' };

  const requested = async (): Promise<string[]> => {
    const rows = await sql(
      `select subject_id::text as id from outbox where tenant_id = $1 and kind = 'review' order by 1`,
    );
    return rows.map(({ id }) => String(id));
  };
  const forgetRequests = async () => {
    // Without Temporal no send deletes a row, so none has to be waited for.
    await sql('delete from outbox where tenant_id = $1');
  };
  return {
    requested,
    forgetRequests,
    /** A review with this status, unchanged for so long, and nothing in the outbox. */
    async create(status: string, unchangedFor: string, next?: keyof typeof times): Promise<string> {
      const { review } = await test.services.reviews.create(tenant.actor, {
        ...{ reviewType: 'incident', summary: 'A summary.' },
        findings: [{ title: 'A finding', body: 'What was found.' }],
      });
      await sql(
        `update reviews set status = $3, code = null, updated_at = now() - $4::interval, next_attempt_at = now() + $5::interval
          where tenant_id = $1 and id = $2`,
        [review.id, status, unchangedFor, next === undefined ? null : times[next]],
      );
      await forgetRequests();
      return review.id;
    },
    async requeued(): Promise<string[]> {
      await test.services.waitingReviews.requeueStuck();
      const ids = await requested();
      await forgetRequests();
      return ids;
    },
    async statusOf(id: string | undefined) {
      const [row] = await sql('select status from reviews where tenant_id = $1 and id = $2', [id]);
      return row?.status;
    },
  };
}
