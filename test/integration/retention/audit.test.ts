import { expect } from 'vitest';
import { factsOfServices } from '../../support/fixtures.ts';
import type { TestServices } from '../../support/test-services.ts';

const it = factsOfServices(() => ({ AUDIT_RETENTION_DAYS: '400' })).extend(
  'forEver',
  { scope: 'file' },
  async ({}, { onCleanup }) => {
    const { createTestServices } = await import('../../support/test-services.ts');
    const services = await createTestServices({ TEMPORAL_ADDRESS: '127.0.0.1:1' });
    onCleanup(() => services.close());
    return services;
  },
);

it('deletes the audit rows that are older than the operator wants', async ({ test, tenant }) => {
  await addRows(test, tenant.id, [399, 401, 2_000]);
  await test.services.retention.sweep();
  expect(await agesOf(test, tenant.id)).toEqual([399]);
});

it('keeps every audit row where the operator has said nothing', async ({ forEver }) => {
  const tenant = await forEver.createTenant();
  await addRows(forEver, tenant.id, [399, 2_000]);
  await forEver.services.retention.sweep();
  expect(await agesOf(forEver, tenant.id)).toEqual([399, 2_000]);
});

it('refuses any other change of the log, by the owner too', async ({ test, tenant }) => {
  await addRows(test, tenant.id, [5_000]);
  const refused = { code: '23001' };
  const its = `where tenant_id = '${tenant.id}'`;
  for (const statement of [
    `delete from audit_log ${its}`,
    `update audit_log set action = 'x' ${its}`,
    'truncate audit_log',
    `set local app.audit_end = 'infinity'; update audit_log set action = 'x' ${its}`,
    `set local app.audit_end = 'infinity'; truncate audit_log`,
  ]) {
    await expect(test.db.rawAsOwner(statement), statement).rejects.toMatchObject(refused);
  }
  const named = test.services.database.withTenant(tenant.id, async (tx) => {
    await tx.raw(`select set_config('app.audit_end', 'infinity', true)`);
    return tx('audit_log').delete();
  });
  await expect(named).rejects.toMatchObject({ code: '42501' });
  expect(await agesOf(test, tenant.id)).toEqual([5_000]);
});

it('ends no row of the last 30 days and none of another tenant, whatever end it is given', async ({
  test,
  tenant,
}) => {
  const stranger = await test.createTenant();
  for (const { id } of [tenant, stranger]) await addRows(test, id, [29, 31]);
  const end = (tenantId: string, before: string) =>
    test.services.database.withTenant(tenantId, (tx) => tx.raw('select end_audit_rows(?, 10)', [before]));
  await expect(end(tenant.id, 'infinity')).rejects.toMatchObject({ code: '23001' });
  await end(tenant.id, new Date(Date.now() - 30 * 86_400_000).toISOString());
  expect(await agesOf(test, tenant.id)).toEqual([29]);
  expect(await agesOf(test, stranger.id)).toEqual([29, 31]);
  const unnamed = test.db.rawAsApplication(`select end_audit_rows(now() - interval '30 days', 10) as ended`);
  expect(await unnamed).toEqual([{ ended: 0 }]);
});

/** Audit rows of these ages in days. Those of the tenant's creation are younger than a day. */
const addRows = ({ db }: TestServices, tenantId: string, ages: readonly number[]) =>
  db.rawAsOwner(
    `insert into audit_log (tenant_id, at, actor_label, actor_role, action, subject_kind, subject_id)
     select $1, now() - age * interval '1 day', 'x', 'user', 'article.created', 'article', 'x' from unnest($2::int[]) age`,
    [tenantId, ages],
  );

async function agesOf({ db }: TestServices, tenantId: string): Promise<unknown[]> {
  const rows = await db.rawAsOwner(
    `select extract(day from now() - at)::int as age from audit_log
      where tenant_id = $1 and at < now() - interval '1 day' order by 1`,
    [tenantId],
  );
  return rows.map(({ age }) => age);
}
