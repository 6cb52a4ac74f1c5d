import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import { copyToLedger } from '../../../src/usage/ledger-store.ts';
import { factsOfServices } from '../../support/fixtures.ts';
import { holdTransaction, untilWaiting } from '../../support/held-transaction.ts';
import type { TestServices, TestTenant } from '../../support/test-services.ts';

const it = factsOfServices()
  .extend('tenant', async ({ test }): Promise<TestTenant> => test.createTenant())
  .extend('ledger', ({ test, tenant }) => openLedger(test, tenant));

describe('an entry of a call', () => {
  it('is made once by two that overlap, and neither fails', async ({ test, tenant, ledger }) => {
    const { callId, subjectId } = await ledger.answeredCall();
    const first = await holdTransaction(test.services.database, tenant.id, (tx) =>
      copyToLedger(tx, tenant.id, { callId }),
    );
    const second = test.services.usage.recordSubject(tenant.id, subjectId);
    expect(await untilWaiting(test.db, second)).toBe('waits');
    await first.commit();
    expect(await second).toBe(0);
    expect(await ledger.calls()).toBe(1);
  });

  it('is left to its workflow for five minutes, and then made by the sweep', async ({ test, ledger }) => {
    const { callId } = await ledger.answeredCall();
    await ledger.moveEnd(callId, '4 minutes');
    await test.services.usage.closeAbandoned();
    expect(await ledger.calls()).toBe(0);
    await ledger.moveEnd(callId, '6 minutes');
    await test.services.usage.closeAbandoned();
    expect(await ledger.calls()).toBe(1);
  });
});

describe('a report', () => {
  it.for([
    ['2026-03-01T23:59:59.999Z', 0],
    ['2026-03-02T00:00:00.000Z', 1],
    ['2026-03-02T14:59:59.999Z', 1],
    ['2026-03-03T23:59:59.999Z', 1],
    ['2026-03-04T00:00:00.000Z', 0],
  ] as const)(
    'from 2 to 3 March counts a call of %s %i times, on its day of UTC',
    async ([at, calls], { test, tenant, ledger }) => {
      await ledger.entryAt(at);
      const { rows } = await test.services.usage.report(tenant.id, {
        from: '2026-03-02',
        to: '2026-03-03',
        groupBy: ['day'],
      });
      expect(rows.map(({ day, calls }) => [day, calls])).toEqual(calls === 0 ? [] : [[at.slice(0, 10), 1]]);
    },
  );
});

/** Calls of one tenant, and their entries. */
function openLedger(test: TestServices, tenant: TestTenant) {
  const { usage, database } = test.services;

  const answeredCall = async () => {
    const callId = randomUUID();
    const subjectId = randomUUID();
    await database.withTenant(tenant.id, async (tx) => {
      await usage.begin(tx, tenant.id, {
        ...{ id: callId, provider: 'embedding', operation: 'embedding', source: 'workflow', model: 'm' },
        ...{ keyVersion: 1, inputs: 1, maxTokens: 5, maxOutputTokens: 0, likelyTokens: () => 5, subjectId },
      });
      await usage.finish(tx, tenant.id, {
        ...{ id: callId, outcome: 'ok', maxTokens: 5 },
        cost: { kind: 'told', inputTokens: 5, outputTokens: 0 },
      });
    });
    return { callId, subjectId };
  };
  const moveEnd = (callId: string, age: string) =>
    test.db.rawAsOwner('update provider_calls set finished_at = now() - $2::interval where id = $1', [
      callId,
      age,
    ]);
  const entryAt = async (at: string) => {
    const { subjectId } = await answeredCall();
    await usage.recordSubject(tenant.id, subjectId);
    await test.db.rawAsOwner('update usage_ledger set at = $2 where tenant_id = $1', [tenant.id, at]);
  };
  const calls = async () =>
    (await test.db.rawAsOwner('select 1 from usage_ledger where tenant_id = $1', [tenant.id])).length;
  return { answeredCall, moveEnd, entryAt, calls };
}
