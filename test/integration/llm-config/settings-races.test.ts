import { describe, expect } from 'vitest';
import { factsOfServices } from '../../support/fixtures.ts';
import { holdTransaction, untilWaiting } from '../../support/held-transaction.ts';

const it = factsOfServices();

describe('two changes of settings that overlap', () => {
  it('are both there in the end', async ({ test, tenant }) => {
    const { llmConfig, database } = test.services;
    await llmConfig.update(tenant.actor, { merge_model: 'before' });
    // As far as a change is between its look at the settings and its write.
    const first = await holdTransaction(database, tenant.id, (tx) =>
      tx('llm_settings').where({ tenant_id: tenant.id }).forUpdate().first('merge_model'),
    );
    const second = llmConfig.update(tenant.actor, { extraction_model: 'another' });
    expect(await untilWaiting(test.db, second)).toBe('waits');
    await first.commit((tx) =>
      tx('llm_settings').where({ tenant_id: tenant.id }).update({ merge_model: 'after' }),
    );
    await second;
    expect(await llmConfig.view(tenant.id)).toMatchObject({
      merge_model: 'after',
      extraction_model: 'another',
    });
  });
});

describe('a changed budget', () => {
  it.for([
    [10, 20, 1],
    [10, null, 1],
    [0, 1, 1],
    [10, 5, 0],
    [10, 10, 0],
    [null, 10, 0],
  ] as const)(
    'from %s to %s requests the backlog %i times',
    async ([before, after, requests], { test, tenant }) => {
      const { llmConfig } = test.services;
      await llmConfig.update(tenant.actor, { monthly_token_budget: before });
      await test.db.rawAsOwner('delete from outbox where tenant_id = $1', [tenant.id]);
      await llmConfig.update(tenant.actor, { monthly_token_budget: after });
      const rows = await test.db.rawAsOwner('select kind from outbox where tenant_id = $1', [tenant.id]);
      expect(rows).toEqual(Array.from({ length: requests }, () => ({ kind: 'backlog' })));
    },
  );
});
