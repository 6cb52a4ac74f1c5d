import { describe, expect } from 'vitest';
import { factsOfSettings } from '../llm-config/settings-facts.ts';

const test = factsOfSettings();

describe('GET /audit', () => {
  test('says who did what to which thing, newest first', async ({ api, tenant, keys }) => {
    const log = await api.call(keys.user, 'GET', '/audit');
    expect(log.status).toBe(200);
    expect(log.body.meta).toEqual({ next_cursor: null });
    expect(log.body.data.at(-1)).toEqual({
      id: expect.stringMatching(/^\d+$/),
      at: expect.stringMatching(/Z$/),
      actor: { key_id: null, label: 'superadmin', role: 'superadmin', via: null },
      action: 'tenant.created',
      subject: { kind: 'tenant', id: tenant.id },
      details: { slug: expect.any(String), name: 'Tenant' },
    });
  });

  test('filters by action, kind and id of the subject, and by all together', async ({
    api,
    tenant,
    keys,
  }) => {
    const actions = async (query: string) =>
      (await api.call(keys.user, 'GET', `/audit?${query}`)).body.data.map(({ action }: Row) => action);
    expect(await actions('action=tenant.created')).toEqual(['tenant.created']);
    expect(await actions('subject_kind=api_key')).toEqual(Array(3).fill('api_key.created'));
    expect(await actions(`subject_id=${tenant.id}`)).toEqual(['tenant.created']);
    expect(await actions(`subject_id=${tenant.id}&action=api_key.created`)).toEqual([]);
    expect(await actions('action=no.such_action')).toEqual([]);
  });

  test('pages through every row once, while others are added', async ({ api, keys }) => {
    const all: string[] = (await api.call(keys.user, 'GET', '/audit')).body.data.map(({ id }: Row) => id);
    const paged: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const suffix: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const page = await api.call(keys.user, 'GET', `/audit?limit=2${suffix}`);
      paged.push(...page.body.data.map(({ id }: Row) => id));
      cursor = page.body.meta.next_cursor;
      await api.call(keys.user, 'PATCH', '/tenants/me/llm-config', { merge_model: `m${paged.length}` });
    }
    expect(paged).toEqual(all);
  });

  test('shows one tenant nothing of another', async ({ api }) => {
    const [one, other] = [await api.tenant(), await api.tenant()];
    const log = await api.call(one.keys.user, 'GET', `/audit?subject_id=${other.id}`);
    expect(log.body.data).toEqual([]);
  });

  test.for([
    'limit=0',
    'limit=101',
    'cursor=x',
    'cursor=MTIz',
    'action=',
    'subject_id=%00',
    'from=2020',
    'action=a&action=b',
  ])('refuses the query %s', async (query, { api, keys }) => {
    expect((await api.call(keys.user, 'GET', `/audit?${query}`)).status).toBe(422);
  });
});

describe('the audit log', () => {
  test.for(["update audit_log set action = 'x'", 'delete from audit_log', 'truncate audit_log'])(
    'refuses "%s" to the application',
    async (statement, { api, tenant }) => {
      await expect(
        api.db.database.withTenant(tenant.id, async (tx) => {
          await tx.raw(statement);
        }),
      ).rejects.toThrow(/permission denied/);
    },
  );
});

interface Row {
  readonly id: string;
  readonly action: string;
  readonly subject: { readonly id: string };
}
