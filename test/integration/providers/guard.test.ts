import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import { chunkerVersion } from '../../../src/domain/chunks.ts';
import type { ProviderKeys } from '../../../src/llm-config/provider-keys.ts';
import { createBreaker } from '../../../src/providers/breaker/breaker.ts';
import type { CallRequest } from '../../../src/providers/call.ts';
import type { GuardedEmbedding } from '../../../src/providers/embedding/guarded-embedding.ts';
import { createGuard } from '../../../src/providers/guard.ts';
import { createLimits } from '../../../src/providers/limits/limits.ts';
import { ensureSpace } from '../../../src/vectors/spaces.ts';
import { factsOfServicesAndVault } from '../../support/fixtures.ts';
import { guardedEmbeddingOf } from '../../support/guarded-embedding.ts';
import { heldAnswer } from '../../support/held-answer.ts';
import { twinKey, twinMarker } from '../../support/provider-twin.ts';
import { targetOf } from '../../support/targets.ts';
import type { TestServices, TestTenant } from '../../support/test-services.ts';
import { waitUntil } from '../../support/wait-until.ts';

// The guard on a real Postgres and a real OpenBao, which stands behind a link that can be cut; the provider is the twin.
const it = factsOfServicesAndVault().extend('guarded', ({ test, tenant }) => openGuard(test, tenant));
const failures = 3;
const broken = new Error('the result could not be persisted');
const told = (inputTokens: number) => ({ kind: 'told', inputTokens, outputTokens: 0 }) as const;
const refused = { kind: 'failed', code: 'credential_rejected', cost: { kind: 'free' } } as const;

describe('before the call', () => {
  it('makes no call for a tenant without a key', async ({ twin, test, guarded }) => {
    const keyless = await test.createTenant();
    const callsBefore = twin.calls.length;
    expect(await guarded.embed(keyless)).toEqual({ kind: 'failed', code: 'no_api_key' });
    expect(guarded.openedBy(keyless)).toBe(0);
    expect(await guarded.recordsOf(keyless)).toEqual([]);
    expect(twin.calls.length).toBe(callsBefore);
  });

  it.for([
    [401, 'credential_rejected'],
    [403, 'permission_denied'],
  ] as const)(
    'makes no call with a key that was refused with %i, and does not open it',
    async ([status, code], { twin, tenant, key, guarded }) => {
      twin.script(key, [{ kind: 'status', status }]);
      await guarded.embed();
      const before = guarded.openedBy(tenant);
      expect(await guarded.embed()).toEqual({ kind: 'failed', code });
      expect(twin.callsOf(key)).toHaveLength(1);
      expect(guarded.openedBy(tenant)).toBe(before);
      expect(await guarded.recordsOf()).toHaveLength(1);
      expect(await guarded.keyOf()).toEqual({ version: 1, status: 'rejected' });
      expect(await guarded.rejectionsOf()).toEqual([
        { details: { provider: 'embedding', key_version: 1, code } },
      ]);
    },
  );

  it('calls on with a key whose model the provider refuses', async ({ twin, key, guarded }) => {
    const error = { message: 'You are not allowed to generate embeddings from this model', code: null };
    twin.script(key, [{ kind: 'status', status: 403, body: { error } }]);
    expect(await guarded.embed()).toEqual({ kind: 'failed', code: 'model_not_found' });
    expect(await guarded.keyOf()).toEqual({ version: 1, status: 'unverified' });
    expect(await guarded.embed()).toMatchObject({ kind: 'ok' });
  });

  it('opens no key while the breaker is open, and says when to come again', async ({
    twin,
    tenant,
    key,
    guarded,
  }) => {
    await guarded.openBreaker();
    const refused = await guarded.embed();
    expect(refused).toMatchObject({ kind: 'failed', code: 'circuit_open' });
    expect(refused.kind === 'failed' && (refused.retryAfterMs ?? 0) > 0).toBe(true);
    expect(guarded.openedBy(tenant)).toBe(0);
    expect(twin.callsOf(key)).toEqual([]);
    expect(await guarded.recordsOf()).toEqual([]);
  });

  it('makes no call for a model that is no longer the tenant’s', async ({ twin, tenant, key, guarded }) => {
    expect(await guarded.embed(tenant, { expectedTargetId: 'another-target' })).toEqual({
      kind: 'superseded',
    });
    expect(guarded.openedBy(tenant)).toBe(0);
    expect(twin.callsOf(key)).toEqual([]);
    expect(await guarded.recordsOf()).toEqual([]);
  });

  it('makes no call without Vault, and gives back the probe that it had', async ({
    twin,
    vault,
    key,
    guarded,
  }) => {
    await guarded.halfOpenBreaker();
    await vault.cut();
    try {
      expect(await guarded.embed()).toEqual({ kind: 'failed', code: 'vault_unavailable' });
    } finally {
      await vault.restore();
    }
    expect(twin.callsOf(key)).toEqual([]);
    expect(await guarded.recordsOf()).toEqual([]);
    expect(await guarded.embed()).toMatchObject({ kind: 'ok' });
    expect(await guarded.breakerStateOf()).toMatchObject({ state: 'closed' });
  });

  it('refuses a key that cannot be opened, and names the code alone', async ({
    twin,
    test,
    tenant,
    key,
    guarded,
  }) => {
    await test.db.rawAsOwner(
      `update provider_keys set ciphertext = 'vault:v1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' where tenant_id = $1`,
      [tenant.id],
    );
    expect(await guarded.embed()).toEqual({ kind: 'failed', code: 'key_unusable' });
    expect(twin.callsOf(key)).toEqual([]);
  });
});

describe('the call record', () => {
  it('stands before the call is made and is finished after it', async ({ guarded }) => {
    let during: unknown;
    const answer = await guarded.callWith(async () => {
      during = await guarded.recordsOf();
      return { kind: 'ok', result: 'persisted', cost: told(7) };
    });
    expect(answer).toMatchObject({ kind: 'ok', persisted: 'persisted', inputTokens: 7 });
    expect(during).toEqual([{ outcome: null, finished: false, key_version: 1, source: 'search', tokens: 0 }]);
    expect(await guarded.recordsOf()).toEqual([
      { outcome: 'ok', finished: true, key_version: 1, source: 'search', tokens: 7 },
    ]);
  });

  it('stays open, to be seen, when the process dies in the middle of the call', async ({ guarded }) => {
    await new Promise<void>((reached) => {
      // What a dead process leaves behind: a call that never comes back.
      void guarded.callWith(
        () => {
          reached();
          return new Promise(() => undefined);
        },
        { source: 'workflow', subjectId: randomUUID() },
      );
    });
    expect(await guarded.recordsOf()).toMatchObject([{ outcome: null, finished: false }]);
    expect(await guarded.ledgerOf()).toEqual([]);
  });

  it('is finished as `internal` when the attempt throws, and nothing that was thrown comes out', async ({
    guarded,
  }) => {
    const answer = await guarded.callWith(async ({ apiKey }) => {
      throw new Error(`cannot send ${apiKey}`);
    });
    expect(answer).toEqual({ kind: 'failed', code: 'internal' });
    expect(await guarded.recordsOf()).toMatchObject([{ outcome: 'internal', finished: true, tokens: 0 }]);
    expect(await guarded.ledgerOf()).toEqual([]);
  });

  it('is finished as `internal`, at the cost of the answer, when the work on the answer throws', async ({
    test,
    tenant,
    guarded,
  }) => {
    const stored: string[] = [];
    const answer = await guarded.callWith(async () => ({ kind: 'ok', result: 'paid', cost: told(7) }), {
      prepare: async () => {
        throw broken;
      },
      persist: async (_tx, result) => `${stored.push(result)}`,
      persistUnusable: async (_tx, code, { inputTokens }) => void stored.push(`${code} ${inputTokens}`),
    });
    expect(answer).toEqual({ kind: 'failed', code: 'internal' });
    expect(stored).toEqual(['internal 7']);
    expect(await guarded.recordsOf()).toMatchObject([{ outcome: 'internal', finished: true, tokens: 7 }]);
    expect(await guarded.ledgerOf()).toMatchObject([{ tokens: 7 }]);
    expect(
      await test.db.rawAsOwner(
        'select settled_tokens::int, reserved_tokens::int from monthly_usage where tenant_id = $1',
        [tenant.id],
      ),
    ).toEqual([{ settled_tokens: 7, reserved_tokens: 0 }]);
  });

  it('names the code of a refusal', async ({ twin, key, guarded }) => {
    twin.script(key, [{ kind: 'status', status: 402 }]);
    expect(await guarded.embed()).toMatchObject({ kind: 'failed', code: 'quota_exhausted' });
    expect(await guarded.recordsOf()).toMatchObject([{ outcome: 'quota_exhausted', finished: true }]);
  });
});

describe('a probe', () => {
  it('that ends in an error of ours proves nothing: the breaker stays half-open, for another probe', async ({
    guarded,
  }) => {
    await guarded.halfOpenBreaker();
    await guarded.callWith(async () => {
      throw new Error('ours');
    });
    expect(await guarded.breakerStateOf()).toMatchObject({ state: 'half_open' });
    expect(await guarded.embed()).toMatchObject({ kind: 'ok' });
    expect(await guarded.breakerStateOf()).toMatchObject({ state: 'closed' });
  });

  it('that the provider refuses shows that the provider is there: the breaker closes', async ({
    twin,
    key,
    guarded,
  }) => {
    await guarded.halfOpenBreaker();
    twin.script(key, [{ kind: 'status', status: 422 }]);
    expect(await guarded.embed()).toMatchObject({ kind: 'failed', code: 'input_rejected' });
    expect(await guarded.breakerStateOf()).toMatchObject({ state: 'closed' });
  });

  it('that fails opens the breaker again, for this tenant and no other', async ({
    twin,
    test,
    key,
    guarded,
  }) => {
    const otherKey = twinKey();
    const other = await test.createTenant(otherKey);
    await guarded.halfOpenBreaker();
    twin.script(key, [{ kind: 'cut', after: 'nothing' }]);
    expect(await guarded.embed()).toEqual({ kind: 'failed', code: 'provider_unavailable' });
    expect(await guarded.breakerStateOf()).toMatchObject({ state: 'open' });
    expect(await guarded.embed(other)).toMatchObject({ kind: 'ok' });
  });
});

describe('a probe that a person’s call has taken', () => {
  it('goes on when the person’s time is over: a late answer closes the breaker, and is stored and settled', async ({
    twin,
    tenant,
    key,
    guarded,
  }) => {
    await guarded.halfOpenBreaker();
    const held = heldAnswer();
    twin.script(key, [held.step]);
    const stored: number[] = [];
    const answer = await guarded.embed(tenant, {
      timeoutMs: 150,
      persist: async (_tx, vectors) => stored.push(vectors.length),
    });
    expect(answer).toEqual({ kind: 'failed', code: 'provider_timeout' });
    expect(stored).toEqual([]);
    held.release();
    await waitUntil(async () => (await guarded.breakerStateOf()).state === 'closed');
    expect(stored).toEqual([1]);
    expect(await guarded.recordsOf()).toMatchObject([{ outcome: 'ok', finished: true }]);
    expect(await guarded.ledgerOf()).toHaveLength(1);
    expect(await guarded.embed(tenant, { source: 'workflow' })).toMatchObject({ kind: 'ok' });
  });

  it('ends at the time of a workflow, and opens the breaker again', async ({
    twin,
    tenant,
    key,
    guarded,
  }) => {
    await guarded.halfOpenBreaker();
    twin.script(key, [{ kind: 'hang' }]);
    await guarded.embed(tenant, { timeoutMs: 100 });
    // The probe is out.
    expect(await guarded.embed()).toMatchObject({ kind: 'failed', code: 'circuit_open' });
    await waitUntil(async () => (await guarded.breakerStateOf()).state === 'open');
    expect(await guarded.recordsOf()).toMatchObject([{ outcome: 'provider_timeout', finished: true }]);
    expect(twin.callsOf(key)).toHaveLength(1);
  });

  it('is not given when no breaker is half-open: the attempt has the person’s time', async ({
    twin,
    tenant,
    key,
    guarded,
  }) => {
    twin.script(key, [{ kind: 'hang' }]);
    await guarded.embed(tenant, { timeoutMs: 100 });
    expect(await guarded.recordsOf()).toMatchObject([{ outcome: 'provider_timeout', finished: true }]);
  });
});

describe('what is persisted', () => {
  it('stands or falls with the end of the record, the ledger row and the key’s status', async ({
    twin,
    test,
    tenant,
    key,
    guarded,
  }) => {
    await expect(guarded.embed(tenant, { persist: guarded.persistThenThrow })).rejects.toBe(broken);
    expect(twin.callsOf(key)).toHaveLength(1);
    expect(await guarded.recordsOf()).toMatchObject([{ outcome: null, finished: false }]);
    expect(await guarded.ledgerOf()).toEqual([]);
    expect(await guarded.keyOf()).toEqual({ version: 1, status: 'unverified' });
    expect(
      await test.db.rawAsOwner('select 1 from embedding_spaces where tenant_id = $1', [tenant.id]),
    ).toEqual([]);
  });

  it('stands or falls with the breaker’s closing', async ({ tenant, guarded }) => {
    await guarded.halfOpenBreaker();
    await expect(guarded.embed(tenant, { persist: guarded.persistThenThrow })).rejects.toBe(broken);
    expect(await guarded.breakerStateOf()).toMatchObject({ state: 'half_open' });
  });

  it('of a search is one call and one ledger row, and the key is verified by it', async ({
    twin,
    key,
    guarded,
  }) => {
    const answer = await guarded.embed();
    expect(answer).toMatchObject({ kind: 'ok', persisted: 1, key: { provider: 'embedding', keyVersion: 1 } });
    const [call] = twin.callsOf(key);
    expect(await guarded.ledgerOf()).toMatchObject([{ source: 'search', tokens: call?.tokens }]);
    expect(await guarded.keyOf()).toEqual({ version: 1, status: 'verified' });
    await guarded.embed();
    expect(await guarded.ledgerOf()).toHaveLength(2);
  });

  it('of a workflow enters the ledger with the end of its call, too', async ({ test, tenant, guarded }) => {
    const subjectId = randomUUID();
    await guarded.embed(tenant, { source: 'workflow', articleId: subjectId });
    expect(await guarded.ledgerOf()).toMatchObject([{ source: 'workflow' }]);
    expect(await test.services.usage.recordSubject(tenant.id, subjectId)).toBe(0);
  });
});

describe('a rejected key', () => {
  it('is marked once, with one audit row, by however many calls it fails', async ({ twin, key, guarded }) => {
    twin.script(key, [], { kind: 'status', status: 401 });
    let arrived = 0;
    let allArrived: () => void = () => undefined;
    const everyone = new Promise<void>((resolve) => {
      allArrived = resolve;
    });
    const answers = await Promise.all(
      Array.from({ length: 5 }, () =>
        guarded.callWith(async () => {
          arrived += 1;
          if (arrived === 5) allArrived();
          await everyone;
          return refused;
        }),
      ),
    );
    expect(answers).toEqual(Array(5).fill({ kind: 'failed', code: 'credential_rejected' }));
    expect(await guarded.keyOf()).toEqual({ version: 1, status: 'rejected' });
    expect(await guarded.rejectionsOf()).toEqual([
      { details: { provider: 'embedding', key_version: 1, code: 'credential_rejected' } },
    ]);
  });

  it('does not reject the key that has replaced it during the call', async ({ twin, tenant, guarded }) => {
    const newKey = twinKey();
    const answer = await guarded.callWith(async () => {
      await tenant.setEmbeddingKey(newKey);
      return refused;
    });
    expect(answer).toEqual({ kind: 'failed', code: 'credential_rejected' });
    expect(await guarded.keyOf()).toEqual({ version: 2, status: 'unverified' });
    expect(await guarded.rejectionsOf()).toEqual([]);
    expect(await guarded.embed()).toMatchObject({ kind: 'ok', key: { keyVersion: 2 } });
    expect(twin.callsOf(newKey)).toHaveLength(1);
  });

  it('stays rejected after a late success of an earlier call', async ({ guarded }) => {
    await guarded.callWith(async () => {
      await guarded.callWith(async () => refused);
      return { kind: 'ok', result: 'late', cost: told(1) };
    });
    expect(await guarded.keyOf()).toEqual({ version: 1, status: 'rejected' });
  });
});

it('leaves every row of another tenant as it is, whatever happens to this one', async ({
  twin,
  test,
  key,
  guarded,
}) => {
  const other = await test.createTenant(twinKey());
  await guarded.embed(other);
  const everything = async () => {
    const tables = await test.db.rawAsOwner(
      `select table_name from information_schema.columns
        where table_schema = 'public' and column_name = 'tenant_id' order by table_name`,
    );
    return Promise.all(
      tables.map(async ({ table_name }) => [
        table_name,
        await test.db.rawAsOwner(
          `select t::text from ${String(table_name)} t where tenant_id = $1 order by 1`,
          [other.id],
        ),
      ]),
    );
  };
  const before = await everything();
  twin.script(key, [
    { kind: 'ok' },
    { kind: 'status', status: 500 },
    { kind: 'cut', after: 'half' },
    { kind: 'raw', body: '{}' },
    { kind: 'status', status: 503 },
  ]);
  for (let i = 0; i < 6; i += 1) await guarded.embed();
  expect(await guarded.breakerStateOf()).toMatchObject({ state: 'open' });
  expect(await everything()).toEqual(before);
});

it('ends a call that a person waits for at its time-out, and counts it against the provider', async ({
  twin,
  tenant,
  key,
  guarded,
}) => {
  twin.script(key, [], { kind: 'hang' });
  const codes: string[] = [];
  for (let i = 0; i < failures + 1; i += 1) {
    const answer = await guarded.embed(tenant, { timeoutMs: 100 });
    codes.push(answer.kind === 'failed' ? answer.code : answer.kind);
  }
  expect(codes).toEqual(['provider_timeout', 'provider_timeout', 'provider_timeout', 'circuit_open']);
  expect(await guarded.recordsOf()).toMatchObject(
    Array(failures).fill({ outcome: 'provider_timeout', finished: true }),
  );
});

it('lets no piece of a key, and no word of the provider, into an answer, a log line or a table', async ({
  twin,
  test,
  key,
  guarded,
}) => {
  const steps = [401, 402, 404, 408, 422, 429, 500].map((status) => ({ kind: 'status', status }) as const);
  const answers: unknown[] = [];
  const keys: string[] = [];
  for (const step of [...steps, { kind: 'raw', body: `${twinMarker} no JSON` } as const]) {
    const own = twinKey();
    keys.push(own);
    const of = await test.createTenant(own);
    twin.script(own, [step]);
    answers.push(await guarded.embed(of));
  }
  answers.push(
    await guarded.callWith(async ({ apiKey }) => {
      throw Object.assign(new Error(`${twinMarker} ${apiKey}`), { config: { apiKey } });
    }),
  );
  const shown = JSON.stringify(answers) + test.logLines.join('');
  const tables = await test.db.rawAsOwner(
    `select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'`,
  );
  const stored = await Promise.all(
    tables.map(({ relname }) => test.db.rawAsOwner(`select t::text as row from ${String(relname)} t`)),
  );
  const everything = shown + JSON.stringify(stored);
  for (const piece of [twinMarker, ...[...keys, key].map((each) => each.slice(8, 20))]) {
    expect(everything).not.toContain(piece);
  }
});

it('stores again what is paid for when storing fails for a moment, and calls the provider once', async ({
  twin,
  tenant,
  key,
  guarded,
}) => {
  let stored = 0;
  const persisted = await guarded.embed(tenant, {
    persist: async (_tx, vectors) => {
      stored += 1;
      if (stored < 3) throw new Error('the database is away for a moment');
      return vectors.length;
    },
  });
  expect(persisted).toMatchObject({ kind: 'ok', persisted: 1 });
  expect(twin.callsOf(key)).toHaveLength(1);
  expect(await guarded.recordsOf()).toMatchObject([{ outcome: 'ok', finished: true }]);
  expect(await guarded.ledgerOf()).toHaveLength(1);
});

it('books what was reserved for a call whose provider counts no tokens', async ({ guarded }) => {
  const answer = await guarded.callWith(
    async () => ({ kind: 'ok', result: 'r', cost: { kind: 'unknown' } }),
    { maxTokens: 77 },
  );
  expect(answer).toMatchObject({ kind: 'ok', inputTokens: 77 });
  expect(await guarded.recordsOf()).toMatchObject([{ outcome: 'ok', tokens: 77 }]);
});

/** The guard, calls through it for one tenant or another that is named, and what they leave in the tables. */
function openGuard(test: TestServices, tenant: TestTenant) {
  const { database, usage, providerKeys } = test.services;
  const openMs = 30_000;
  const backgroundTimeoutMs = () => 2_000;
  const breaker = createBreaker({ failures, windowMs: 60_000, openMs, maxOpenMs: openMs });
  /** The tenants whose key was opened, each time. */
  const opened: string[] = [];
  const keys: ProviderKeys = {
    ...providerKeys,
    openKey(tenantId, ...rest) {
      opened.push(tenantId);
      return providerKeys.openKey(tenantId, ...rest);
    },
  };
  const guard = createGuard({ database, keys, breaker, limits: createLimits(), usage, backgroundTimeoutMs });
  const embedding = guardedEmbeddingOf(test, guard);

  const openedBy = (of: TestTenant) => opened.filter((id) => id === of.id).length;

  /** One call for a tenant; by default for a search, whose result is its number of vectors. */
  const embed = (of = tenant, wanted: Partial<Parameters<GuardedEmbedding['embed']>[0]> = {}) =>
    embedding.embed({
      tenantId: of.id,
      source: 'search',
      inputs: ['some words'],
      side: 'query',
      timeoutMs: 2_000,
      persist: async (_tx, vectors) => vectors.length,
      ...wanted,
    });

  /** A call whose one attempt is the test's own. */
  const callWith = (
    send: CallRequest<string, string>['send'],
    wanted: Partial<CallRequest<string, string>> = {},
  ) =>
    guard.call<string, string>({
      tenantId: tenant.id,
      operation: 'embedding',
      source: 'search',
      inputs: 1,
      maxTokens: 10,
      timeoutMs: 2_000,
      send,
      persist: async (_tx, result) => result,
      ...wanted,
    });

  const persistThenThrow: Parameters<typeof embedding.embed>[0]['persist'] = async (tx, vectors) => {
    await ensureSpace(tx, tenant.id, { target: targetOf('m'), chunkerVersion }, vectors[0]?.length ?? 0);
    throw broken;
  };

  const recordsOf = (of = tenant) =>
    test.db.rawAsOwner(
      `select outcome, finished_at is not null as finished, key_version, source, input_tokens::int as tokens
       from provider_calls where tenant_id = $1 order by started_at`,
      [of.id],
    );
  const ledgerOf = (of = tenant) =>
    test.db.rawAsOwner(
      'select source, input_tokens::int as tokens, call_id from usage_ledger where tenant_id = $1',
      [of.id],
    );
  const keyOf = async (of = tenant) => {
    const [row] = await test.db.rawAsOwner(
      'select version, status from provider_keys where tenant_id = $1 and provider = $2',
      [of.id, 'embedding'],
    );
    return row;
  };
  const rejectionsOf = (of = tenant) =>
    test.db.rawAsOwner(
      `select details from audit_log where tenant_id = $1 and action = 'llm_config.embedding_key_rejected'`,
      [of.id],
    );

  const breakerIdOf = (of = tenant) => ({
    tenantId: of.id,
    provider: 'embedding' as const,
    keyVersion: 1,
  });
  const breakerStateOf = (of = tenant) =>
    test.services.database.withTenant(of.id, (tx) => breaker.state(tx, breakerIdOf(of)));
  const openBreaker = async (of = tenant) => {
    for (let i = 0; i < failures; i += 1) {
      await test.services.database.withTenant(of.id, async (tx) => {
        const permit = await breaker.acquire(tx, breakerIdOf(of), 'background', 1_000);
        if (permit.kind !== 'permit') throw new Error('open already');
        const verdict = { kind: 'failed', code: 'provider_unavailable', within: 'background' } as const;
        await breaker.report(tx, breakerIdOf(of), permit, verdict);
      });
    }
  };
  /** Ends the open time of the breaker, so that the next call is the probe. */
  const halfOpenBreaker = async (of = tenant) => {
    await openBreaker(of);
    await test.db.rawAsOwner(
      `update breakers set open_until = clock_timestamp() - interval '1 second' where tenant_id = $1`,
      [of.id],
    );
  };

  return {
    ...{ embed, callWith, persistThenThrow, openedBy, recordsOf, ledgerOf, keyOf, rejectionsOf },
    ...{ breakerStateOf, openBreaker, halfOpenBreaker },
  };
}
