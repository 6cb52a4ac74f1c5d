import { describe, expect } from 'vitest';
import { factsOfService } from '../../support/fixtures.ts';

const it = factsOfService();

describe('GET /knowledge/llm-usage', () => {
  it.for(['0000-01-01', '1969-12-31', '2026-02-30', '2026-1-1'])(
    'refuses the day %s',
    async (day, { service, tenant }) => {
      const path = `/knowledge/llm-usage?from=${day}&to=${day}`;
      const refused = await service.call(tenant.keys.orchestrator, 'GET', path);
      expect(refused.body).toMatchObject({ status: 422, errors: [{ path: 'from' }, { path: 'to' }] });
    },
  );

  it('refuses an answer of more than 20,000 rows, and says how to narrow it', async ({ service, tenant }) => {
    await service.db.rawAsOwner(
      `insert into usage_daily_sums
       select $1, current_date, 'embedding', 'embedding', 'model-' || n, 'gate', null, 1, 1, 1, 0, 0
         from generate_series(1, 20000) n`,
      [tenant.id],
    );
    const ask = (query: string) =>
      service.call(tenant.keys.orchestrator, 'GET', `/knowledge/llm-usage${query}`);
    expect((await ask('')).body.data).toHaveLength(20_000);

    await service.db.rawAsOwner(
      `insert into usage_daily_sums values
       ($1, current_date - 1, 'embedding', 'embedding', 'model-1', 'gate', null, 1, 1, 1, 0, 0)`,
      [tenant.id],
    );
    const refused = await ask('');
    expect(refused.body).toMatchObject({ status: 422, errors: [{ path: 'group_by' }] });
    expect(refused.body.detail).toContain('more than 20000 rows');
    expect((await ask('?group_by=model')).body.data).toHaveLength(20_000);
    expect((await ask('?group_by=day,day,%20day,day,day,day,day')).body).toMatchObject({
      data: [{ calls: 1 }, { calls: 20_000 }],
      meta: { group_by: ['day'] },
    });
  });
});
