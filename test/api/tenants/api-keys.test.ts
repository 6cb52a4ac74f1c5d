import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import { adminKey, piecesIn, type SettingsApi } from '../llm-config/settings-api.ts';
import { factsOfSettings } from '../llm-config/settings-facts.ts';

const test = factsOfSettings();
const anAgentKey = { label: 'indexer', role: 'agent' };

describe('POST /api-keys', () => {
  test('shows a key that works, once', async ({ api, keys }) => {
    const made = await api.call(keys.user, 'POST', '/api-keys', {
      ...anAgentKey,
      expires_at: '2099-01-31T12:00:00+02:00',
    });
    expect(made.status).toBe(201);
    const { key, ...shown } = made.body.data;
    expect(shown).toEqual({
      id: expect.any(String),
      label: 'indexer',
      role: 'agent',
      hint: `...${key.slice(-4)}`,
      created_at: expect.any(String),
      expires_at: '2099-01-31T10:00:00.000Z',
      revoked_at: null,
      last_used_at: null,
      daily_token_budget: null,
    });
    // An agent's key is known, and its role is too low here.
    expect((await api.call(key, 'GET', '/api-keys')).status).toBe(403);
    const listed = await api.call(keys.user, 'GET', '/api-keys');
    expect(listed.text).not.toContain(key);
    expect(piecesIn(listed.text, key)).toEqual([]);
  });

  test.for([
    ['no label', { role: 'agent' }, 'label'],
    ['an empty label', { ...anAgentKey, label: '' }, 'label'],
    ['a label of 201 characters', { ...anAgentKey, label: 'x'.repeat(201) }, 'label'],
    ['a label with a NUL', { ...anAgentKey, label: 'a\u0000b' }, 'label'],
    ['the role superadmin', { ...anAgentKey, role: 'superadmin' }, 'role'],
    ['a time that has passed', { ...anAgentKey, expires_at: '2001-01-01T00:00:00Z' }, 'expires_at'],
    ['a time that no calendar has', { ...anAgentKey, expires_at: '9999-12-31T23:59:59-23:59' }, 'expires_at'],
    ['a time without a zone', { ...anAgentKey, expires_at: '2099-01-01T00:00:00' }, 'expires_at'],
    ['a date that does not exist', { ...anAgentKey, expires_at: '2099-02-30T00:00:00Z' }, 'expires_at'],
    ['an unknown field', { ...anAgentKey, tenant_id: randomUUID() }, 'tenant_id'],
    ['a budget of nothing', { ...anAgentKey, daily_token_budget: 0 }, 'daily_token_budget'],
    ['a budget below nothing', { ...anAgentKey, daily_token_budget: -1 }, 'daily_token_budget'],
    ['half a token', { ...anAgentKey, daily_token_budget: 1.5 }, 'daily_token_budget'],
    ['a budget above 2^53', { ...anAgentKey, daily_token_budget: 2 ** 53 }, 'daily_token_budget'],
    ['a budget in quotes', { ...anAgentKey, daily_token_budget: '5' }, 'daily_token_budget'],
  ])('refuses %s', async ([_, body, path], { api, keys }) => {
    const refused = await api.call(keys.user, 'POST', '/api-keys', body);
    expect(refused.status).toBe(422);
    expect(refused.body).toMatchObject({ code: 'validation_failed', errors: [{ path }] });
  });

  test('with an Idempotency-Key makes one key, and does not show it twice', async ({ api, keys }) => {
    const header = { 'Idempotency-Key': 'once' };
    const first = await api.call(keys.user, 'POST', '/api-keys', anAgentKey, header);
    const second = await api.call(keys.user, 'POST', '/api-keys', anAgentKey, header);
    expect(second.status).toBe(201);
    expect(second.body.data).toEqual({ ...first.body.data, key: null });
    const other = await api.call(keys.user, 'POST', '/api-keys', { ...anAgentKey, label: 'b' }, header);
    expect(other.status).toBe(409);
    const listed = await api.call(keys.user, 'GET', '/api-keys');
    expect(listed.body.data).toHaveLength(4);
  });
});

describe('GET /api-keys', () => {
  test('pages through every key, newest first', async ({ api, keys }) => {
    for (const label of ['a', 'b', 'c', 'd']) {
      await api.call(keys.user, 'POST', '/api-keys', { label, role: 'agent' });
    }
    const labels: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const suffix: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const page = await api.call(keys.user, 'GET', `/api-keys?limit=3${suffix}`);
      expect(page.status).toBe(200);
      labels.push(...page.body.data.map(({ label }: { label: string }) => label));
      cursor = page.body.meta.next_cursor;
    }
    expect(labels.slice(0, 4)).toEqual(['d', 'c', 'b', 'a']);
    expect(labels.slice(4).sort()).toEqual(['agent', 'orchestrator', 'user']);
  });

  test.for(['limit=0', 'limit=101', 'limit=x', 'cursor=nonsense', 'cursor=IjEi', 'unknown=1'])(
    'refuses the query %s',
    async (query, { api, keys }) => {
      expect((await api.call(keys.user, 'GET', `/api-keys?${query}`)).status).toBe(422);
    },
  );
});

describe('PATCH /api-keys/:id', () => {
  test('changes a budget or a label, keeps the rest, and is in the audit log', async ({ api, keys }) => {
    const made = await api.call(keys.user, 'POST', '/api-keys', {
      ...anAgentKey,
      daily_token_budget: 2 ** 53 - 1,
    });
    const { key: _, ...shown } = made.body.data;
    expect(shown.daily_token_budget).toBe(2 ** 53 - 1);
    const path = `/api-keys/${shown.id}`;
    const budgeted = await api.call(keys.user, 'PATCH', path, { daily_token_budget: 5_000 });
    expect([budgeted.status, budgeted.body.data]).toEqual([200, { ...shown, daily_token_budget: 5_000 }]);
    const named = await api.call(keys.user, 'PATCH', path, { label: 'another' });
    expect(named.body.data).toEqual({ ...shown, label: 'another', daily_token_budget: 5_000 });
    const free = await api.call(keys.user, 'PATCH', path, { daily_token_budget: null });
    expect(free.body.data).toEqual({ ...shown, label: 'another', daily_token_budget: null });
    const log = await api.call(keys.user, 'GET', `/audit?subject_id=${shown.id}&action=api_key.updated`);
    expect(log.body.data.map(({ details }: { details: unknown }) => details)).toEqual([
      { daily_token_budget: null },
      { label: 'another' },
      { daily_token_budget: 5_000 },
    ]);
  });

  test.for([
    [{ daily_token_budget: 0 }, 'daily_token_budget'],
    [{ daily_token_budget: 2 ** 53 }, 'daily_token_budget'],
    [{ label: '' }, 'label'],
    [{ role: 'user' }, 'role'],
  ])('refuses %j', async ([body, path], { api, keys }) => {
    const refused = await api.call(
      keys.user,
      'PATCH',
      `/api-keys/${await idOf(api, keys.user, 'agent')}`,
      body,
    );
    expect([refused.status, refused.body.errors]).toMatchObject([422, [{ path }]]);
  });

  test('answers 404 for another tenant’s key, and changes nothing of it', async ({ api }) => {
    const [one, other] = [await api.tenant(), await api.tenant()];
    const path = `/api-keys/${await idOf(api, other.keys.user, 'agent')}`;
    expect((await api.call(one.keys.user, 'PATCH', path, { daily_token_budget: 1 })).status).toBe(404);
    const { body } = await api.call(other.keys.user, 'GET', '/api-keys');
    expect(JSON.stringify(body)).not.toContain('"daily_token_budget":1');
  });
});

describe('DELETE /api-keys/:id', () => {
  test('makes the key answer 401 from the next request on', async ({ api, keys }) => {
    const id = await idOf(api, keys.user, 'orchestrator');
    expect((await api.call(keys.orchestrator, 'GET', '/api-keys')).status).toBe(403);
    const revoked = await api.call(keys.user, 'DELETE', `/api-keys/${id}`);
    expect([revoked.status, revoked.text]).toEqual([204, '']);
    const refused = await api.call(keys.orchestrator, 'GET', '/api-keys');
    expect([refused.status, refused.body.code]).toEqual([401, 'unauthorized']);
    expect((await api.call(keys.user, 'DELETE', `/api-keys/${id}`)).status).toBe(204);
  });

  test('keeps the last active key of role user', async ({ api, keys }) => {
    const refused = await api.call(keys.user, 'DELETE', `/api-keys/${await idOf(api, keys.user, 'user')}`);
    expect([refused.status, refused.body.code]).toEqual([409, 'transition_not_allowed']);
    expect((await api.call(keys.user, 'GET', '/api-keys')).status).toBe(200);
  });

  test('answers 404 for another tenant’s key, an unknown one and what is no id', async ({ api }) => {
    const [one, other] = [await api.tenant(), await api.tenant()];
    for (const id of [await idOf(api, other.keys.user, 'agent'), randomUUID(), 'no-uuid', '%00']) {
      expect((await api.call(one.keys.user, 'DELETE', `/api-keys/${id}`)).status, id).toBe(404);
    }
    expect((await api.call(other.keys.agent, 'GET', '/api-keys')).status).toBe(403);
  });
});

describe('the superadmin', () => {
  test('makes a tenant, whose keys work', async ({ api }) => {
    const slug = `t-${randomUUID()}`;
    const made = await api.call(adminKey, 'POST', '/admin/tenants', { slug, name: 'Tränen & Söhne' });
    expect(made.status).toBe(201);
    expect(made.body.data.tenant).toMatchObject({ slug, name: 'Tränen & Söhne' });
    expect((await api.call(made.body.data.keys.user, 'GET', '/api-keys')).status).toBe(200);
    const again = await api.call(adminKey, 'POST', '/admin/tenants', { slug, name: 'Another' });
    expect([again.status, again.body.code]).toEqual([409, 'already_exists']);
  });

  test('with an Idempotency-Key makes one tenant, and its keys are kept nowhere', async ({ api }) => {
    const body = { slug: `t-${randomUUID()}`, name: 'Once' };
    const header = { 'Idempotency-Key': randomUUID() };
    const first = await api.call(adminKey, 'POST', '/admin/tenants', body, header);
    const second = await api.call(adminKey, 'POST', '/admin/tenants', body, header);
    expect(second.status).toBe(201);
    expect(second.body.data).toEqual({
      tenant: first.body.data.tenant,
      keys: { agent: null, orchestrator: null, user: null },
    });
    expect((await api.call(first.body.data.keys.agent, 'GET', '/audit')).status).toBe(403);
  });

  test.for([
    { slug: 'Upper', name: 'x' },
    { slug: '-a', name: 'x' },
    { slug: 'a'.repeat(64), name: 'x' },
    { slug: 'a b', name: 'x' },
    { slug: 'a\n', name: 'x' },
    { slug: '', name: 'x' },
    { slug: 'fine', name: '' },
    { slug: 'fine', name: 'x'.repeat(201) },
    { slug: 'fine', name: 'half \ud83d' },
    { slug: 'fine' },
  ])('cannot make a tenant of %j', async (body, { api }) => {
    expect((await api.call(adminKey, 'POST', '/admin/tenants', body)).status).toBe(422);
  });

  test('makes a key for a tenant, and the tenant’s log says so', async ({ api, tenant, keys }) => {
    const made = await api.call(adminKey, 'POST', `/admin/tenants/${tenant.id}/api-keys`, {
      label: 'rescue',
      role: 'user',
    });
    expect(made.status).toBe(201);
    expect((await api.call(made.body.data.key, 'GET', '/api-keys')).status).toBe(200);
    const log = await api.call(keys.user, 'GET', `/audit?subject_id=${made.body.data.id}`);
    expect(log.body.data).toMatchObject([
      {
        action: 'api_key.created',
        actor: { key_id: null, role: 'superadmin' },
        details: { label: 'rescue' },
      },
    ]);
  });

  test('with an Idempotency-Key makes one key for a tenant, and does not show it twice', async ({
    api,
    tenant,
    keys,
  }) => {
    const path = `/admin/tenants/${tenant.id}/api-keys`;
    const header = { 'Idempotency-Key': randomUUID() };
    const first = await api.call(adminKey, 'POST', path, anAgentKey, header);
    const second = await api.call(adminKey, 'POST', path, anAgentKey, header);
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.body.data).toEqual({ ...first.body.data, key: null });
    const log = await api.call(keys.user, 'GET', `/audit?subject_id=${first.body.data.id}`);
    expect(log.body.data).toHaveLength(1);
    const { body } = await api.call(keys.user, 'GET', '/api-keys');
    expect(body.data).toHaveLength(4);
  });

  test('gets 404 for a tenant that does not exist, even for its own nil id', async ({ api }) => {
    for (const id of [randomUUID(), '00000000-0000-0000-0000-000000000000', 'none']) {
      const path = `/admin/tenants/${id}/api-keys`;
      expect((await api.call(adminKey, 'POST', path, anAgentKey)).status, id).toBe(404);
    }
  });
});

describe('roles', () => {
  test.for<[string, string, object | undefined]>([
    ['GET', '/api-keys', undefined],
    ['POST', '/api-keys', anAgentKey],
    ['PATCH', `/api-keys/${randomUUID()}`, {}],
    ['DELETE', `/api-keys/${randomUUID()}`, undefined],
    ['GET', '/audit', undefined],
    ['GET', '/tenants/me/llm-config', undefined],
    ['PATCH', '/tenants/me/llm-config', {}],
  ])('%s %s is for users alone', async ([method, path, body], { api, keys }) => {
    expect((await api.call(undefined, method, path, body)).status).toBe(401);
    expect((await api.call(keys.agent, method, path, body)).status).toBe(403);
    expect((await api.call(keys.orchestrator, method, path, body)).status).toBe(403);
    expect([200, 201, 404]).toContain((await api.call(keys.user, method, path, body)).status);
  });

  test.for(['/admin/tenants', `/admin/tenants/${randomUUID()}/api-keys`])(
    'POST %s is for the superadmin alone',
    async (path, { api, keys }) => {
      for (const key of Object.values(keys)) {
        expect((await api.call(key, 'POST', path, { slug: 'x', name: 'x' })).status).toBe(403);
      }
    },
  );
});

test('no log line holds an API key or a piece of one', async ({ api, keys }) => {
  await api.call(keys.user, 'GET', '/api-keys');
  const logged = api.logged();
  expect(logged).not.toBe('');
  for (const key of [...Object.values(keys), adminKey]) expect(piecesIn(logged, key)).toEqual([]);
});

async function idOf(api: SettingsApi, userKey: string, label: string): Promise<string> {
  const listed = await api.call(userKey, 'GET', '/api-keys');
  return listed.body.data.find((each: { label: string }) => each.label === label).id;
}
