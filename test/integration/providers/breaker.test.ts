import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { type Caller, callers } from '../../../src/domain/operations.ts';
import type { Transaction } from '../../../src/platform/postgres/database.ts';
import {
  type BreakerId,
  type BreakerPolicy,
  createBreaker,
  type Permit,
  type Verdict,
} from '../../../src/providers/breaker/breaker.ts';
import { factsOfServices } from '../../support/fixtures.ts';
import type { TestServices } from '../../support/test-services.ts';

// Time passes by moving the row's times back, in whole seconds; the policy's half seconds keep it off every edge.
const policy: BreakerPolicy = { failures: 3, windowMs: 60_500, openMs: 30_500, maxOpenMs: 100_500 };
const leaseMs = 12_500;
const failed: Verdict = { kind: 'failed', code: 'provider_unavailable', within: 'background' };
const answered: Verdict = { kind: 'answered', within: 'background' };
/** What a person's call says that was given up after seconds, and one that was answered within them. */
const tooLate: Verdict = { kind: 'failed', code: 'provider_timeout', within: 'interactive' };
const quick: Verdict = { kind: 'answered', within: 'interactive' };

const it = factsOfServices()
  .extend('id', async ({ test }): Promise<BreakerId> => {
    const { id: tenantId } = await test.createTenant();
    return { tenantId, provider: 'embedding', keyVersion: 1 };
  })
  .extend('breaker', ({ test, id }) => openBreaker(test, id));

describe('a closed breaker', () => {
  it('lets every call through and writes nothing for it', async ({ test, id, breaker }) => {
    const ofBackground = { caller: 'background', epoch: '0', probe: false };
    expect(await breaker.acquire()).toEqual({ kind: 'permit', probe: false, rows: [ofBackground] });
    await breaker.report(await breaker.permit(id, 'interactive'), quick);
    await breaker.report(await breaker.permit(), answered);
    expect(await test.db.rawAsOwner('select 1 from breakers where tenant_id = $1', [id.tenantId])).toEqual(
      [],
    );
  });

  it('opens at the third failure inside the window', async ({ breaker }) => {
    await breaker.report(await breaker.permit(), failed);
    await breaker.pass(59_000);
    await breaker.report(await breaker.permit(), failed);
    expect(await breaker.state()).toMatchObject({ state: 'closed', failures: 2 });
    await breaker.pass(1_000);
    await breaker.report(await breaker.permit(), failed);
    expect(await breaker.acquire()).toMatchObject({ kind: 'open' });
  });

  it('forgets a failure that has left the window, and only that one', async ({ breaker }) => {
    await breaker.report(await breaker.permit(), failed);
    await breaker.pass(40_000);
    await breaker.report(await breaker.permit(), failed);
    await breaker.pass(21_000);
    await breaker.report(await breaker.permit(), failed);
    expect(await breaker.state()).toMatchObject({ state: 'closed', failures: 2 });
    await breaker.report(await breaker.permit(), failed);
    expect(await breaker.state()).toMatchObject({ state: 'open' });
  });

  it('is not helped by successes in between', async ({ breaker }) => {
    for (let i = 0; i < policy.failures; i += 1) {
      await breaker.report(await breaker.permit(), answered);
      await breaker.report(await breaker.permit(), failed);
    }
    expect(await breaker.state()).toMatchObject({ state: 'open' });
  });

  it('opens once under a burst of failures from many connections', async ({ test, id, breaker }) => {
    const permits = await Promise.all(Array.from({ length: 40 }, () => breaker.permit()));
    await Promise.all(permits.map((each) => breaker.report(each, failed)));
    const [row] = await test.db.rawAsOwner(
      'select epoch::int, opened_times from breakers where tenant_id = $1',
      [id.tenantId],
    );
    expect(row).toEqual({ epoch: 1, opened_times: 1 });
    expect(await breaker.state()).toMatchObject({ state: 'open', lastErrorCode: 'provider_unavailable' });
  });
});

describe('an open breaker', () => {
  it('says how long it stays open', async ({ breaker }) => {
    await breaker.open();
    const refused = await breaker.acquire();
    expect(refused.kind === 'open' && refused.retryInMs > 29_000 && refused.retryInMs <= 30_500).toBe(true);
  });

  it('is not closed by the late success of a call from before', async ({ breaker }) => {
    const early = await breaker.permit();
    await breaker.open();
    await breaker.report(early, answered);
    expect(await breaker.state()).toMatchObject({ state: 'open' });
  });

  it('is not kept open longer by late failures of calls from before', async ({ breaker }) => {
    const early = await breaker.permit();
    await breaker.open();
    const { openUntil } = await breaker.state();
    await breaker.report(early, failed);
    expect((await breaker.state()).openUntil).toEqual(openUntil);
  });

  it('is another tenant’s business not at all, nor another provider’s', async ({ test, id, breaker }) => {
    const other: BreakerId = { ...id, tenantId: (await test.createTenant()).id };
    await breaker.open();
    expect(await breaker.acquire(other)).toMatchObject({ kind: 'permit' });
    expect(await breaker.acquire({ ...id, provider: 'anthropic' })).toMatchObject({ kind: 'permit' });
  });

  it('starts closed for a new key, and a late failure of the old key leaves it so', async ({
    id,
    breaker,
  }) => {
    const old = await breaker.permit();
    await breaker.open();
    const renewed = { ...id, keyVersion: 2 };
    expect(await breaker.acquire(renewed)).toMatchObject({ kind: 'permit' });
    await breaker.report(await breaker.permit(renewed), failed, renewed);
    await breaker.report(old, failed);
    expect(await breaker.state(renewed)).toMatchObject({ state: 'closed', failures: 1 });
  });

  it('is closed by its own tenant’s reset', async ({ test, id, breaker }) => {
    const other: BreakerId = { ...id, tenantId: (await test.createTenant()).id };
    await breaker.open();
    await breaker.open(other);
    await breaker.reset();
    expect(await breaker.acquire()).toMatchObject({ kind: 'permit', probe: false });
    expect(await breaker.acquire(other)).toMatchObject({ kind: 'open' });
  });
});

describe('a half-open breaker', () => {
  it.beforeEach(async ({ breaker }) => {
    await breaker.open();
    await breaker.pass(31_000);
  });

  it('gives one probe to two hundred calls at once', async ({ breaker }) => {
    expect(await breaker.state()).toMatchObject({ state: 'half_open' });
    const answers = await Promise.all(Array.from({ length: 200 }, () => breaker.acquire()));
    expect(answers.filter(({ kind }) => kind === 'permit')).toHaveLength(1);
  });

  it('refuses a second probe while one is in flight, and grants one when its holder has died', async ({
    breaker,
  }) => {
    await breaker.permit();
    await breaker.pass(12_000);
    expect(await breaker.acquire()).toMatchObject({ kind: 'open' });
    await breaker.pass(1_000);
    expect(await breaker.acquire()).toMatchObject({ kind: 'permit', probe: true });
  });

  it('closes by its own probe’s success', async ({ breaker }) => {
    await breaker.report(await breaker.permit(), answered);
    expect(await breaker.state()).toMatchObject({ state: 'closed', failures: 0 });
  });

  it('is not closed by a probe whose lease has gone to another', async ({ breaker }) => {
    const dead = await breaker.permit();
    await breaker.pass(13_000);
    await breaker.permit();
    await breaker.report(dead, answered);
    expect(await breaker.state()).toMatchObject({ state: 'half_open' });
  });

  it('opens for twice as long after each failed probe, up to the bound', async ({ breaker }) => {
    const waits: number[] = [];
    for (let i = 0; i < 4; i += 1) {
      await breaker.report(await breaker.permit(), failed);
      const refused = await breaker.acquire();
      waits.push(refused.kind === 'open' ? Math.round(refused.retryInMs / 500) * 500 : 0);
      await breaker.pass(101_000);
    }
    expect(waits).toEqual([61_000, 100_500, 100_500, 100_500]);
  });

  it('takes a probe back that was never used', async ({ breaker }) => {
    await breaker.report(await breaker.permit(), { kind: 'not_made' });
    expect(await breaker.acquire()).toMatchObject({ kind: 'permit', probe: true });
  });
});

describe('a provider that is too slow for persons', () => {
  it('is refused to persons alone', async ({ id, breaker }) => {
    await breaker.openForPersons();
    expect(await breaker.acquire(id, 'interactive')).toMatchObject({ kind: 'open' });
    expect(await breaker.acquire(id, 'background')).toMatchObject({ kind: 'permit', probe: false });
    expect(await breaker.state()).toMatchObject({ state: 'open', failures: 3 });
  });

  it('is refused to everybody when it fails in another way, whoever has called it', async ({
    id,
    breaker,
  }) => {
    for (let i = 0; i < policy.failures; i += 1) {
      await breaker.report(await breaker.permit(id, 'interactive'), { ...failed, within: 'interactive' });
    }
    expect(await breaker.acquire(id, 'interactive')).toMatchObject({ kind: 'open' });
    expect(await breaker.acquire(id, 'background')).toMatchObject({ kind: 'open' });
  });

  it('is refused to everybody when a workflow waits for it in vain, too', async ({ id, breaker }) => {
    for (let i = 0; i < policy.failures; i += 1) {
      await breaker.report(await breaker.permit(), { ...tooLate, within: 'background' });
    }
    expect(await breaker.acquire(id, 'interactive')).toMatchObject({ kind: 'open' });
    expect(await breaker.acquire(id, 'background')).toMatchObject({ kind: 'open' });
  });

  it('stays refused to persons after a probe that was answered too late for them, for twice as long', async ({
    id,
    breaker,
  }) => {
    await breaker.openForPersons();
    await breaker.pass(31_000);
    const probe = await breaker.permit(id, 'interactive');
    expect(probe.probe).toBe(true);
    await breaker.report(probe, answered);
    const refused = await breaker.acquire(id, 'interactive');
    expect(refused.kind === 'open' && Math.round(refused.retryInMs / 1_000)).toBe(61);
    expect(await breaker.acquire(id, 'background')).toMatchObject({ kind: 'permit', probe: false });
  });

  it('is there for persons again after one that was answered in time', async ({ id, breaker }) => {
    await breaker.openForPersons();
    await breaker.pass(31_000);
    await breaker.report(await breaker.permit(id, 'interactive'), quick);
    expect(await breaker.state()).toMatchObject({ state: 'closed', failures: 0 });
    expect(await breaker.acquire(id, 'interactive')).toMatchObject({ kind: 'permit', probe: false });
  });

  it('gives a person’s probe back when the call fails for everybody', async ({ id, breaker }) => {
    await breaker.openForPersons();
    await breaker.pass(31_000);
    await breaker.report(await breaker.permit(id, 'interactive'), failed);
    expect(await breaker.acquire(id, 'interactive')).toMatchObject({ kind: 'permit', probe: true });
  });

  it('is closed for everybody by a reset, and starts anew with a new key', async ({ id, breaker }) => {
    await breaker.openForPersons();
    expect(await breaker.acquire({ ...id, keyVersion: 2 }, 'interactive')).toMatchObject({ kind: 'permit' });
    await breaker.open();
    await breaker.reset();
    expect(await breaker.state()).toMatchObject({ state: 'closed', failures: 0 });
    expect(await breaker.acquire(id, 'interactive')).toMatchObject({ kind: 'permit', probe: false });
  });

  it('gives both probes to one of many persons, and keeps neither from a workflow without using it', async ({
    id,
    breaker,
  }) => {
    await breaker.openForPersons();
    await breaker.open();
    await breaker.pass(31_000);
    const answers = await Promise.all(Array.from({ length: 60 }, () => breaker.acquire(id, 'interactive')));
    const [permit, ...others] = answers.filter((answer) => answer.kind === 'permit');
    expect(others).toEqual([]);
    expect(permit?.rows.map(({ caller, probe }) => ({ caller, probe }))).toEqual([
      { caller: 'background', probe: true },
      { caller: 'interactive', probe: true },
    ]);
    expect(await breaker.acquire(id, 'background')).toMatchObject({ kind: 'open' });
    if (permit) await breaker.report(permit, answered);
    expect(await breaker.acquire(id, 'background')).toMatchObject({ kind: 'permit', probe: false });
    expect(await breaker.acquire(id, 'interactive')).toMatchObject({ kind: 'open' });
  });
});

it('agrees with a simple model on any schedule of calls, ends and pauses, and after recovery', async ({
  test,
  id,
  breaker,
}) => {
  const caller = fc.constantFrom<Caller>('interactive', 'background');
  const verdict = fc.oneof(
    { weight: 4, arbitrary: fc.constant(failed) },
    {
      weight: 4,
      arbitrary: caller.map((within): Verdict => ({ kind: 'failed', code: 'provider_timeout', within })),
    },
    { weight: 2, arbitrary: caller.map((within): Verdict => ({ kind: 'answered', within })) },
    { weight: 1, arbitrary: fc.constant<Verdict>({ kind: 'not_made' }) },
  );
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('acquire' as const), caller }) },
    { weight: 5, arbitrary: fc.record({ kind: fc.constant('end' as const), which: fc.nat(5), verdict }) },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant('pass' as const), seconds: fc.integer({ min: 1, max: 70 }) }),
    },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      const of: BreakerId = { ...id, tenantId: (await test.createTenant()).id };
      const model = createModel();
      const inFlight: { real: Permit; modelled: ModelPermit }[] = [];
      const acquire = async (by: Caller) => {
        const real = await breaker.acquire(of, by);
        const modelled = model.acquire(by);
        expect(real.kind).toBe(modelled === undefined ? 'open' : 'permit');
        if (real.kind !== 'permit' || modelled === undefined) return undefined;
        expect(real.rows.map((row) => ({ ...row, epoch: Number(row.epoch) }))).toEqual(modelled);
        return { real, modelled };
      };
      const end = async ({ real, modelled }: (typeof inFlight)[number], how: Verdict) => {
        await breaker.report(real, how, of);
        model.report(modelled, how);
      };
      const pass = async (ms: number) => {
        await breaker.pass(ms, of);
        model.pass(ms);
      };
      for (const next of steps) {
        if (next.kind === 'pass') await pass(next.seconds * 1_000);
        else if (next.kind === 'acquire') {
          const permit = await acquire(next.caller);
          if (permit) inFlight.push(permit);
        } else {
          const [ending] = inFlight.splice(next.which % Math.max(inFlight.length, 1), 1);
          if (ending) await end(ending, next.verdict);
        }
        expect((await breaker.state(of)).state).toBe(model.state());
      }

      // The provider is well and quick again: both rows close, and nothing of the time before counts.
      await pass(200_000);
      for (const by of callers.toReversed()) {
        const permit = await acquire(by);
        if (permit) await end(permit, quick);
      }
      expect(await breaker.state(of)).toMatchObject({ state: 'closed', failures: 0 });
      for (let i = 0; i < policy.failures; i += 1) {
        expect((await breaker.state(of)).state).toBe('closed');
        const permit = await acquire('background');
        if (permit) await end(permit, failed);
      }
      const refused = await breaker.acquire(of);
      expect(refused.kind === 'open' && Math.ceil(refused.retryInMs / 1_000)).toBe(31);
    }),
    { numRuns: 40 },
  );
}, 240_000);

it('counts exactly and gives one probe on any schedule of many connections at once', async ({
  test,
  id,
  breaker,
}) => {
  const call = fc.record({
    verdict: fc.constantFrom<Verdict['kind']>('failed', 'answered', 'not_made'),
    startsAfterMs: fc.nat(15),
    lastsMs: fc.nat(15),
  });
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const verdictOf = (kind: Verdict['kind']): Verdict =>
    ({ failed, answered, not_made: { kind: 'not_made' } as const })[kind];
  await fc.assert(
    fc.asyncProperty(
      fc.array(call, { minLength: 5, maxLength: 40 }),
      fc.constantFrom<Verdict['kind']>('failed', 'answered', 'not_made'),
      async (calls, probeVerdict) => {
        const of: BreakerId = { ...id, tenantId: (await test.createTenant()).id };
        const held: Permit[] = [];
        let failures = 0;
        await Promise.all(
          calls.map(async ({ verdict, startsAfterMs, lastsMs }) => {
            await pause(startsAfterMs);
            const acquired = await breaker.acquire(of);
            if (acquired.kind === 'open') return;
            held.push(acquired);
            await pause(lastsMs);
            await breaker.report(acquired, verdictOf(verdict), of);
            if (verdict === 'failed') failures += 1;
          }),
        );
        const opened = failures >= policy.failures;
        expect(await breaker.state(of)).toMatchObject(
          opened ? { state: 'open' } : { state: 'closed', failures },
        );
        if (!opened) return;

        await breaker.pass(31_000, of);
        const answers = await Promise.all(calls.map(() => breaker.acquire(of)));
        const probes = answers.filter((answer) => answer.kind === 'permit');
        expect(probes).toHaveLength(1);
        // A permit from before changes nothing any more, whenever it is reported.
        const [probe] = probes;
        if (probe === undefined) return;
        await Promise.all([
          ...held.map((permit, index) => breaker.report(permit, index % 2 === 0 ? failed : answered, of)),
          breaker.report(probe, verdictOf(probeVerdict), of),
        ]);
        const after = { failed: 'open', answered: 'closed', not_made: 'half_open' } as const;
        expect((await breaker.state(of)).state).toBe(after[probeVerdict]);
      },
    ),
    { numRuns: 25 },
  );
}, 120_000);

/** The breaker of one tenant's key, or of another that is named, each call in a transaction of its own. */
function openBreaker(test: TestServices, id: BreakerId) {
  const breaker = createBreaker(policy);
  const within = <T>(of: BreakerId, work: (tx: Transaction) => Promise<T>): Promise<T> =>
    test.services.database.withTenant(of.tenantId, work);
  const acquire = (of = id, caller: Caller = 'background') =>
    within(of, (tx) => breaker.acquire(tx, of, caller, leaseMs));
  const report = (permit: Permit, verdict: Verdict, of = id) =>
    within(of, (tx) => breaker.report(tx, of, permit, verdict));
  const state = (of = id) => within(of, (tx) => breaker.state(tx, of));
  const reset = (of = id) => within(of, (tx) => breaker.reset(tx, of));

  async function pass(ms: number, of = id): Promise<void> {
    await test.db.rawAsOwner(
      `update breakers set
       failed_at = array(select f - $2 * interval '1 millisecond' from unnest(failed_at) f order by f),
       open_until = open_until - $2 * interval '1 millisecond',
       probe_until = probe_until - $2 * interval '1 millisecond'
     where tenant_id = $1`,
      [of.tenantId, ms],
    );
  }

  async function permit(of = id, caller: Caller = 'background'): Promise<Permit> {
    const acquired = await acquire(of, caller);
    if (acquired.kind !== 'permit') throw new Error('the breaker is open');
    return acquired;
  }

  async function open(of = id): Promise<void> {
    for (let i = 0; i < policy.failures; i += 1) await report(await permit(of), failed, of);
  }

  /** Opens it for persons alone. */
  async function openForPersons(of = id): Promise<void> {
    for (let i = 0; i < policy.failures; i += 1) await report(await permit(of, 'interactive'), tooLate, of);
  }

  return { acquire, report, state, reset, pass, permit, open, openForPersons };
}

/** What a call holds of the model, row by row. */
type ModelPermit = readonly {
  readonly caller: Caller;
  readonly epoch: number;
  readonly probe: boolean;
}[];

/** The same breaker in a few lines, in one process and on a clock of its own. */
function createModel() {
  let now = 0;
  const rows = { background: createRow(() => now), interactive: createRow(() => now) };
  return {
    pass: (ms: number) => {
      now += ms;
    },
    acquire(caller: Caller): ModelPermit | undefined {
      const heeded: readonly Caller[] =
        caller === 'background' ? ['background'] : ['background', 'interactive'];
      if (heeded.some((of) => rows[of].refuses())) return undefined;
      return heeded.map((of) => ({ caller: of, ...rows[of].acquire() }));
    },
    report(permit: ModelPermit, verdict: Verdict) {
      for (const { caller, ...held } of permit) {
        const isTimeout = verdict.kind === 'failed' && verdict.code === 'provider_timeout';
        const isSlow = verdict.kind !== 'not_made' && verdict.within === 'background';
        if (verdict.kind === 'not_made') rows[caller].release(held);
        else if (caller === 'background') {
          if (verdict.kind === 'answered') rows[caller].close(held);
          else if (isTimeout && !isSlow) rows[caller].release(held);
          else rows[caller].fail(held);
        } else if (isTimeout || (verdict.kind === 'answered' && isSlow)) rows[caller].fail(held);
        else if (verdict.kind === 'answered') rows[caller].close(held);
        else rows[caller].release(held);
      }
    },
    state() {
      const states = [rows.background.state(), rows.interactive.state()];
      return (['open', 'half_open'] as const).find((state) => states.includes(state)) ?? 'closed';
    },
  };
}

function createRow(now: () => number) {
  type Row = { readonly epoch: number; readonly probe: boolean };
  let epoch = 0;
  let failures: number[] = [];
  let openedTimes = 0;
  let openUntil: number | undefined;
  let probeUntil: number | undefined;
  return {
    refuses: () => openUntil !== undefined && (openUntil > now() || (probeUntil ?? 0) > now()),
    acquire(): Row {
      if (openUntil === undefined) return { epoch, probe: false };
      epoch += 1;
      probeUntil = now() + leaseMs;
      return { epoch, probe: true };
    },
    fail(held: Row) {
      if (held.epoch !== epoch) return;
      failures = [...failures.filter((at) => at > now() - policy.windowMs), now()];
      if (!held.probe && failures.length < policy.failures) return;
      openUntil = now() + Math.min(policy.openMs * 2 ** openedTimes, policy.maxOpenMs);
      openedTimes += 1;
      probeUntil = undefined;
      failures = [];
      epoch += 1;
    },
    close(held: Row) {
      if (held.epoch !== epoch || !held.probe) return;
      [failures, openedTimes, openUntil, probeUntil] = [[], 0, undefined, undefined];
      epoch += 1;
    },
    release(held: Row) {
      if (held.epoch !== epoch || !held.probe) return;
      probeUntil = undefined;
      epoch += 1;
    },
    state: () =>
      openUntil === undefined ? 'closed' : openUntil > now() ? ('open' as const) : ('half_open' as const),
  };
}
