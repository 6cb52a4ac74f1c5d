import { describe, expect } from 'vitest';
import type { CallSource } from '../../../src/domain/operations.ts';
import { targetIdOf } from '../../../src/domain/provider-target.ts';
import type { EmbeddingCall } from '../../../src/providers/embedding/guarded-embedding.ts';
import { factsOfServices } from '../../support/fixtures.ts';
import { type ProviderTwin, twinMarker } from '../../support/provider-twin.ts';
import type { TestServices, TestTenant } from '../../support/test-services.ts';

const it = factsOfServices(() => ({ PROVIDER_URLS: 'any' })).extend('asking', ({ test, twin, tenant, key }) =>
  openAsking({ test, twin, tenant, key }),
);
const refused = (detail: string, status = 400) => ({ status, body: { detail: `${twinMarker}: ${detail}` } });
const noEncoding = { encoding_format: refused('encoding_format is not supported') };
const manyTexts = Array.from({ length: 12 }, (_, number) => `text number ${number}`);

describe('a field that a provider refuses', () => {
  it.for([
    ['encoding_format', refused('Argument encoding_format is not supported by this API')],
    [
      'input_type',
      {
        status: 422,
        body: { detail: [{ type: 'extra_forbidden', loc: ['body', 'input_type'], msg: 'Extra inputs' }] },
      },
    ],
  ] as const)('is left out once and for all: %s', async ([field, refusal], { asking, twin, key }) => {
    twin.speak(key, { refuses: { [field]: refusal } });
    expect(await asking.embed()).toMatchObject({ kind: 'ok' });
    expect(await asking.embed()).toMatchObject({ kind: 'ok' });
    const sent = twin.callsOf(key).map(({ fields }) => fields.includes(field));
    expect(sent).toEqual([true, false, false]);
    expect(await asking.profile()).toMatchObject({ leftOut: [field], foundAt: expect.any(Date) });
    expect(await asking.records()).toEqual(['input_rejected', 'ok', 'ok']);
  });

  it('is found where a request was taken until now, and is sent again where it is missed', async ({
    asking,
    twin,
    key,
  }) => {
    await asking.embed();
    twin.speak(key, { refuses: noEncoding });
    expect(await asking.embed()).toMatchObject({ kind: 'ok' });
    expect(await asking.profile()).toMatchObject({ leftOut: ['encoding_format'] });

    const needed = {
      error: { message: 'parameter encoding_format must be float', param: 'encoding_format' },
    };
    twin.script(key, [{ kind: 'status', status: 400, body: needed }]);
    twin.speak(key, {});
    expect(await asking.embed()).toMatchObject({ kind: 'ok' });
    expect(await asking.profile()).toMatchObject({ leftOut: [] });
  });

  it('costs at most four calls more, whatever the provider refuses', async ({ asking, twin, key }) => {
    const body = {
      error: { message: 'Unknown parameter', code: 'unknown_parameter', param: 'encoding_format' },
    };
    twin.script(key, [], { kind: 'status', status: 400, body });
    expect(await asking.embed()).toMatchObject({ kind: 'failed', code: 'input_rejected' });
    expect(twin.callsOf(key).length).toBeLessThanOrEqual(5);
    expect(await asking.profile()).toMatchObject({ leftOut: [], foundAt: null });
  });

  it('is refused to few of many calls at once', async ({ asking, twin, key }) => {
    twin.speak(key, { refuses: noEncoding });
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, at) => asking.embed([`text ${at}`], {}, 'workflow')),
    );
    expect(results.map(({ kind }) => kind)).toEqual(results.map(() => 'ok'));
    const refusals = twin.callsOf(key).filter(({ fields }) => fields.includes('encoding_format'));
    expect(refusals).toHaveLength(1);
  });

  it('may be the dimensions: those of the other name are asked for', async ({ asking, twin, key }) => {
    twin.speak(key, {
      refuses: { dimensions: refused('Argument dimensions is not supported') },
      dimensionsField: 'output_dimension',
    });
    expect(await asking.embed(['a text'], { dimensions: 8 })).toMatchObject({ kind: 'ok', persisted: 8 });
    expect(await asking.profile({ dimensions: 8 })).toMatchObject({
      dimensionsParameter: 'output_dimension',
    });
  });
});

describe('dimensions that a provider does not make', () => {
  it.for([1, 12])(
    'are a malformed response to %i texts, nothing is stored, and nothing is asked again',
    async (texts, { asking, twin, key }) => {
      twin.speak(key, {
        refuses: { dimensions: refused('dimensions are not supported: no matryoshka model') },
      });
      const inputs = manyTexts.slice(0, texts);
      expect(await asking.embed(inputs, { dimensions: 8 })).toMatchObject({ code: 'malformed_response' });
      expect(await asking.profile({ dimensions: 8 })).toMatchObject({ makesOtherDimensions: true });
      const calls = twin.callsOf(key).length;
      expect(await asking.embed(inputs, { dimensions: 8 })).toMatchObject({ code: 'malformed_response' });
      expect(twin.callsOf(key)).toHaveLength(calls);
      const billed = twin.callsOf(key).filter((call) => call.billed);
      expect(billed.every((call) => call.inputs.length <= 2)).toBe(true);
    },
  );
});

describe('the first large batch of an address that a tenant chose', () => {
  it('comes after a tiny call, which is in the ledger as well', async ({ asking, twin, key }) => {
    await asking.chooseAddress();
    twin.speak(key, { refuses: noEncoding });
    expect(await asking.embed(manyTexts)).toMatchObject({ kind: 'ok' });
    expect(twin.callsOf(key).map(({ inputs }) => inputs.length)).toEqual([2, 2, 12]);
    expect(await asking.records()).toEqual(['input_rejected', 'ok', 'ok']);
    expect(await asking.estimated()).toEqual([false, false]);
    await asking.embed(manyTexts);
    expect(twin.callsOf(key)).toHaveLength(4);
  });

  it('is not sent where the tiny call finds no way in', async ({ asking, twin, key }) => {
    await asking.chooseAddress();
    twin.script(key, [], { kind: 'status', status: 401 });
    expect(await asking.embed(manyTexts)).toMatchObject({ code: 'credential_rejected' });
    expect(twin.callsOf(key).map(({ inputs }) => inputs.length)).toEqual([2]);
  });
});

describe('a refusal that names nothing', () => {
  const vague = { status: 400, body: { error: { message: twinMarker } } };

  it('of the first call is the form’s fault where harmless texts are refused as well, and not without it', async ({
    asking,
    twin,
    key,
  }) => {
    await asking.chooseAddress();
    twin.speak(key, { refuses: { encoding_format: vague } });
    expect(await asking.embed()).toMatchObject({ kind: 'ok' });
    expect(await asking.records()).toEqual(['input_rejected', 'input_rejected', 'ok', 'ok']);
    expect(await asking.embed()).toMatchObject({ kind: 'ok' });
    expect(twin.callsOf(key)).toHaveLength(5);
  });

  it('of the first call is the text’s fault where harmless texts are taken', async ({
    asking,
    twin,
    key,
  }) => {
    await asking.chooseAddress();
    twin.script(key, [{ kind: 'status', ...vague }]);
    expect(await asking.embed()).toMatchObject({ code: 'input_rejected' });
    expect(twin.callsOf(key)).toHaveLength(2);
    twin.script(key, [{ kind: 'status', ...vague }]);
    expect(await asking.embed()).toMatchObject({ code: 'input_rejected' });
    expect(twin.callsOf(key)).toHaveLength(3);
  });

  it('of every form is looked into once', async ({ asking, twin, key }) => {
    await asking.chooseAddress();
    twin.script(key, [], { kind: 'status', ...vague });
    expect(await asking.embed()).toMatchObject({ code: 'input_rejected' });
    expect(twin.callsOf(key)).toHaveLength(3);
    expect(await asking.embed()).toMatchObject({ code: 'input_rejected' });
    expect(twin.callsOf(key)).toHaveLength(4);
  });

  it('of the installation’s own provider is the text’s fault', async ({ asking, twin, key }) => {
    twin.script(key, [], { kind: 'status', ...vague });
    expect(await asking.embed()).toMatchObject({ code: 'input_rejected' });
    expect(twin.callsOf(key)).toHaveLength(1);
  });
});

describe('an answer of another form', () => {
  it('is read where it has one meaning, and is remembered', async ({ asking, twin, key }) => {
    twin.speak(key, { index: 'none', base64: true, usage: (tokens) => ({ total_tokens: tokens }) });
    expect(await asking.embed(['one', 'two'])).toMatchObject({ kind: 'ok', persisted: 16, inputTokens: 2 });
    expect(await asking.profile()).toMatchObject({ index: false, vectors: 'base64', usage: 'total_tokens' });
    twin.speak(key, {});
    await asking.embed(['one', 'two']);
    expect(await asking.profile()).toMatchObject({ index: true, vectors: 'numbers', usage: 'prompt_tokens' });
  });

  it('is a malformed response where some vectors have an index and some have not', async ({
    asking,
    twin,
    key,
  }) => {
    twin.speak(key, { index: 'some' });
    expect(await asking.embed(['one', 'two'])).toMatchObject({ code: 'malformed_response' });
    expect(await asking.profile()).toMatchObject({ foundAt: null });
  });

  it.for([null, {}, { prompt_tokens: 0, total_tokens: 0 }, { prompt_tokens: '12' }, { prompt_tokens: -3 }])(
    'with the usage %o counts, and is booked as estimated',
    async (usage, { asking, twin, key }) => {
      twin.speak(key, { usage: () => usage });
      expect(await asking.embed()).toMatchObject({ kind: 'ok' });
      expect(await asking.estimated()).toEqual([true]);
    },
  );
});

describe('the model that answers name', () => {
  it('is known, and another one under the same name is noticed once', async ({ asking, twin, key }) => {
    twin.speak(key, { model: 'vendors-name-1' });
    await asking.embed();
    expect(await asking.profile()).toMatchObject({ answeredModel: 'vendors-name-1', modelDriftedAt: null });
    twin.speak(key, { model: 'vendors-name-2' });
    await asking.embed();
    const drifted = await asking.profile();
    expect(drifted).toMatchObject({ answeredModel: 'vendors-name-2', modelDriftedAt: expect.any(Date) });
    twin.speak(key, { model: 'vendors-name-1' });
    await asking.embed();
    expect(await asking.profile()).toMatchObject({ modelDriftedAt: drifted.modelDriftedAt });
  });

  it('is not kept where it holds a piece of the key or is no name', async ({ asking, twin, key }) => {
    for (const model of [`m-${key.slice(9, 16)}`, 'two words', 'x'.repeat(201)]) {
      twin.speak(key, { model });
      expect(await asking.embed()).toMatchObject({ kind: 'ok' });
    }
    expect(await asking.profile()).toMatchObject({ answeredModel: null });
  });
});

describe('a verification', () => {
  it('finds the profile anew, and shows it', async ({ asking, twin, key, test, tenant }) => {
    twin.speak(key, { refuses: noEncoding, base64: true });
    const verify = () => test.services.verification.verify(tenant.id);
    expect((await verify()).embedding).toMatchObject({
      ok: true,
      profile: { encoding: 'base64', input_style: 'field', max_inputs: null, found_at: expect.any(String) },
    });
    await asking.rememberLimit(3);
    expect(await asking.profile()).toMatchObject({ maxInputs: 3, leftOut: ['encoding_format'] });
    twin.speak(key, {});
    expect((await verify()).embedding).toMatchObject({
      ok: true,
      profile: { encoding: 'float', max_inputs: null },
    });
    expect(await asking.profile()).toMatchObject({ maxInputs: null, leftOut: [] });
  });
});

describe('a limit that refusals have shown', () => {
  it('is kept for a week, since one bad moment must not make requests small for ever', async ({
    asking,
    test,
    tenant,
  }) => {
    await asking.embed();
    await asking.rememberLimit(1);
    expect(await asking.profile()).toMatchObject({ maxInputs: 1 });
    await test.db.rawAsOwner(
      `update embedding_profiles
          set profile = profile || jsonb_build_object('limitsFoundAt', now() - interval '7 days') where tenant_id = $1`,
      [tenant.id],
    );
    expect(await asking.profile()).toMatchObject({ maxInputs: null, encoding: 'float' });
  });
});

interface Given {
  readonly test: TestServices;
  readonly twin: ProviderTwin;
  readonly tenant: TestTenant;
  readonly key: string;
}

/** Calls of one tenant at the twin, and what is known after them. */
function openAsking({ test, tenant, twin, key }: Given) {
  const { database, embedding, profiles, providerKeys } = test.services;
  const targetWith = (changed: { readonly dimensions?: number }) =>
    database.withTenant(tenant.id, async (tx) => ({
      ...(await providerKeys.embeddingTarget(tx, tenant.id)),
      ...changed,
    }));
  return {
    /** One call; its result is the dimension of its vectors. */
    async embed(
      inputs: readonly string[] = ['a text'],
      changed: { readonly dimensions?: number } = {},
      source: CallSource = 'search',
    ) {
      const call: EmbeddingCall<number> = {
        ...{ tenantId: tenant.id, source, inputs, side: 'passage', timeoutMs: 5_000 },
        target: await targetWith(changed),
        persist: async (_tx, vectors) => vectors[0]?.length ?? 0,
      };
      return embedding.embed(call);
    },
    /** From now on the twin is an address of the tenant's own. */
    chooseAddress: () =>
      test.services.llmConfig.update(tenant.actor, {
        embedding_provider: 'custom',
        embedding_base_url: twin.baseUrl,
        embedding_api_key: key,
      }),
    profile: async (changed: { readonly dimensions?: number } = {}) => {
      const target = await targetWith(changed);
      return database.withTenant(tenant.id, (tx) => profiles.profileOf(tx, tenant.id, target));
    },
    rememberLimit: async (maxInputs: number) => {
      const targetId = targetIdOf(await targetWith({}));
      await database.withTenant(tenant.id, (tx) =>
        profiles.rememberLimit(tx, tenant.id, targetId, { maxInputs }),
      );
    },
    records: async () => {
      const rows = await test.db.rawAsOwner(
        'select outcome from provider_calls where tenant_id = $1 order by started_at',
        [tenant.id],
      );
      return rows.map(({ outcome }) => outcome);
    },
    estimated: async () => {
      const rows = await test.db.rawAsOwner('select estimated from usage_ledger where tenant_id = $1', [
        tenant.id,
      ]);
      return rows.map(({ estimated }) => estimated);
    },
  };
}
