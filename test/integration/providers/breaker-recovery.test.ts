import { describe, expect } from 'vitest';
import type { Caller } from '../../../src/domain/operations.ts';
import type { Transaction } from '../../../src/platform/postgres/database.ts';
import {
  type BreakerId,
  type BreakerPolicy,
  createBreaker,
  type Permit,
  type Verdict,
} from '../../../src/providers/breaker/breaker.ts';
import { factsOfServices } from '../../support/fixtures.ts';
import { holdTransaction, untilWaiting } from '../../support/held-transaction.ts';
import type { TestServices } from '../../support/test-services.ts';

// Time passes by moving the row's times back, in whole seconds; the policy's half seconds keep it off every edge.
const policy: BreakerPolicy = { failures: 3, windowMs: 60_500, openMs: 30_500, maxOpenMs: 400_500 };
const failed: Verdict = { kind: 'failed', code: 'provider_unavailable', within: 'background' };
const answered: Verdict = { kind: 'answered', within: 'background' };

const it = factsOfServices()
  .extend('id', async ({ test }): Promise<BreakerId> => {
    const { id: tenantId } = await test.createTenant();
    return { tenantId, provider: 'embedding', keyVersion: 1 };
  })
  .extend('breaker', ({ test, id }) => openBreaker(test, id));

describe('a breaker that was reset by hand', () => {
  it('is not opened again by the probe that was under way', async ({ breaker }) => {
    const probe = await breaker.probe();
    await breaker.reset();
    await breaker.report(probe, failed);
    expect(await breaker.state()).toMatchObject({ state: 'closed', failures: 0 });
  });

  it('is not opened again by calls from before it opened', async ({ breaker }) => {
    const late = await Promise.all([breaker.permit(), breaker.permit(), breaker.permit()]);
    await breaker.open();
    await breaker.reset();
    for (const permit of late) await breaker.report(permit, failed);
    expect(await breaker.state()).toMatchObject({ state: 'closed', failures: 0 });
  });

  it('counts failures from none', async ({ breaker }) => {
    await breaker.report(await breaker.permit(), failed);
    await breaker.report(await breaker.permit(), failed);
    await breaker.reset();
    await breaker.report(await breaker.permit(), failed);
    expect(await breaker.state()).toMatchObject({ state: 'closed', failures: 1 });
  });

  it('opens for the shortest time again', async ({ breaker }) => {
    await breaker.failProbe();
    await breaker.reset();
    await breaker.open();
    expect(await breaker.openForMs()).toBeLessThanOrEqual(policy.openMs);
  });
});

describe('a breaker that its probe has closed', () => {
  it('opens for the shortest time again, however long it was open before', async ({ breaker }) => {
    await breaker.failProbe();
    await breaker.failProbe();
    expect(await breaker.openForMs()).toBeGreaterThan(3 * policy.openMs);
    await breaker.report(await breaker.probe(), answered);
    await breaker.open();
    expect(await breaker.openForMs()).toBeLessThanOrEqual(policy.openMs);
    expect(await breaker.openForMs()).toBeGreaterThan(policy.openMs - 10_000);
  });

  it('counts failures from none', async ({ breaker }) => {
    await breaker.report(await breaker.probe(), answered);
    await breaker.report(await breaker.permit(), failed);
    expect(await breaker.state()).toMatchObject({ state: 'closed', failures: 1 });
  });

  it('is not opened again by the same probe', async ({ breaker }) => {
    const probe = await breaker.probe();
    await breaker.report(probe, answered);
    await breaker.report(probe, failed);
    expect(await breaker.state()).toMatchObject({ state: 'closed', failures: 0 });
  });
});

describe('a probe that was given back', () => {
  it.for([failed, answered])('decides nothing any more: $kind', async (late, { breaker }) => {
    const probe = await breaker.probe();
    await breaker.report(probe, { kind: 'not_made' });
    await breaker.report(probe, late);
    expect(await breaker.state()).toMatchObject({ state: 'half_open' });
    expect(await breaker.permit()).toMatchObject({ probe: true });
  });
});

describe('a caller that gets one of two probes', () => {
  it('gives it back, so that the next call that needs only this one is the probe', async ({
    test,
    id,
    breaker,
  }) => {
    await breaker.open();
    await test.db.rawAsOwner(
      `insert into breakers (tenant_id, provider, caller, key_version, open_until)
       values ($1, 'embedding', 'interactive', 1, now())`,
      [id.tenantId],
    );
    await test.db.rawAsOwner(
      `update breakers set open_until = now() - interval '1 second' where tenant_id = $1`,
      [id.tenantId],
    );
    const other = await holdTransaction(test.services.database, id.tenantId, (tx) =>
      tx('breakers')
        .where({ tenant_id: id.tenantId, caller: 'interactive' })
        .update({ epoch: tx.raw('epoch + 1'), probe_until: tx.raw(`now() + interval '1 minute'`) }),
    );
    const acquiring = breaker.acquire('interactive');
    expect(await untilWaiting(test.db, acquiring)).toBe('waits');
    await other.commit();
    expect(await acquiring).toMatchObject({ kind: 'open' });
    expect(await breaker.permit()).toMatchObject({ probe: true });
  });
});

/** The breaker of a tenant's key, each call in a transaction of its own. */
function openBreaker(test: TestServices, id: BreakerId) {
  const breaker = createBreaker(policy);
  const within = <T>(work: (tx: Transaction) => Promise<T>): Promise<T> =>
    test.services.database.withTenant(id.tenantId, work);
  const acquire = (caller: Caller = 'background') => within((tx) => breaker.acquire(tx, id, caller, 12_500));
  const report = (permit: Permit, verdict: Verdict) =>
    within((tx) => breaker.report(tx, id, permit, verdict));
  const state = () => within((tx) => breaker.state(tx, id));
  const reset = () => within((tx) => breaker.reset(tx, id));

  const permit = async (): Promise<Permit> => {
    const acquired = await acquire();
    if (acquired.kind !== 'permit') throw new Error('the breaker is open');
    return acquired;
  };
  const open = async () => {
    for (let i = 0; i < policy.failures; i += 1) await report(await permit(), failed);
  };
  /** How long an open breaker refuses calls, in milliseconds. */
  const openForMs = async () => {
    const acquired = await acquire();
    if (acquired.kind === 'permit') throw new Error('the breaker is not open');
    return acquired.retryInMs;
  };
  /** The probe of the breaker, which is opened first if it is closed. */
  const probe = async () => {
    if ((await state()).state === 'closed') await open();
    await test.db.rawAsOwner(
      `update breakers set open_until = open_until - interval '500 seconds' where tenant_id = $1`,
      [id.tenantId],
    );
    return permit();
  };
  const failProbe = async () => report(await probe(), failed);

  return { acquire, report, state, reset, permit, open, openForMs, probe, failProbe };
}
