import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect } from 'vitest';
import type { ArticleRef } from '../../../src/domain/embed-article.ts';
import { guidanceOf, isFailureCode } from '../../../src/domain/failures.ts';
import { listedVendors } from '../../../src/providers/catalogue/vendors.ts';
import { meanings, type RecordedRefusal, type RefusalKind } from '../../recorded-answers/recorded-vendor.ts';
import { recordedVendors } from '../../recorded-answers/recorded-vendors.ts';
import { createArticle } from '../../support/articles.ts';
import { factsOfServices } from '../../support/fixtures.ts';
import { twinKey } from '../../support/provider-twin.ts';
import type { TestServices, TestTenant } from '../../support/test-services.ts';

const it = factsOfServices(() => ({ PROVIDER_URLS: 'any', WORKER_MAX_ACTIVITIES: '8' }));

type Ended = readonly [calls: number, status: string, callsForAnother?: number];

/** How an article of two chunks ends, if the first request is refused and all others are answered: the calls that it has cost. */
const endings = {
  // No other call is made with a key that is refused, or limited.
  'bad key': [1, 'blocked', 0],
  permission: [1, 'blocked', 0],
  bill: [1, 'blocked', 0],
  'quota of the day': [1, 'blocked', 0],
  rate: [1, 'pending', 0],
  model: [1, 'blocked'],
  passing: [1, 'pending'],
  timeout: [1, 'pending'],
  'failing server': [1, 'pending'],
  page: [1, 'pending'],
  // One without the field; it is remembered.
  field: [2, 'embedded', 1],
  // Two halves.
  'too many inputs': [3, 'embedded'],
  'too many tokens': [3, 'embedded'],
  input: [3, 'embedded'],
} as const satisfies Record<RefusalKind, Ended>;

describe('an article at', () => {
  it.for(recordedVendors.map((recorded) => [recorded.vendor, recorded] as const))(
    '%s is embedded by its good answer, in one call',
    async ([vendor, { good }], { test, twin }) => {
      const key = twinKey();
      const tenant = await tenantOf(test, { vendor, key, baseUrl: twin.baseUrl });
      twin.script(key, [{ kind: 'raw', body: JSON.stringify(good.body) }]);
      const article = await publish(test, tenant);
      await walk(test, article);
      expect((await embeddingOf(test, article)).status).toBe('embedded');
      expect(twin.callsOf(key)).toHaveLength(1);
      const [call] = await test.db.rawAsOwner(
        'select input_tokens::int, estimated from provider_calls where tenant_id = $1',
        [tenant.id],
      );
      if (good.usage === null) expect(call).toMatchObject({ estimated: true });
      else expect(call).toMatchObject({ input_tokens: good.usage[1], estimated: false });
    },
  );

  it.for(recordedVendors.map((recorded) => [recorded.vendor, recorded] as const))(
    '%s costs the calls that its refusals are worth',
    async ([vendor, { refusals }], { test, twin }) => {
      const rows = await Promise.all(
        refusals.map(async (refusal) => {
          const key = twinKey();
          const tenant = await tenantOf(test, { vendor, key, baseUrl: twin.baseUrl });
          const { headers, body } = refusal;
          twin.script(key, [{ kind: 'status', status: refusal.status, body, headers: headers ?? {} }]);
          const article = await publish(test, tenant);
          await walk(test, article);
          const calls = twin.callsOf(key).length;
          const { status, reason } = await embeddingOf(test, article);
          const { who } = guidanceOf(isFailureCode(reason) ? reason : null);

          const expected = endingOf(refusal, vendor, twin.callsOf(key)[0]?.fields ?? []);
          if (expected.next !== undefined) await walk(test, await publish(test, tenant, 'Another'));
          const next = expected.next === undefined ? undefined : twin.callsOf(key).length - calls;
          const name = nameOf(refusal);
          return { ended: { name, calls, status, reason, who, next }, expected: { name, ...expected } };
        }),
      );
      expect(rows.map(({ ended }) => ended)).toEqual(rows.map(({ expected }) => expected));
    },
  );
});

/** What is expected of a refusal of a request with these fields. */
function endingOf(refusal: RecordedRefusal, vendor: string, sent: readonly string[]) {
  const [calls, status, next]: Ended = specialEnding(refusal, vendor, sent) ?? endings[refusal.kind];
  const reason = status === 'embedded' ? null : meanings[refusal.kind].code;
  return { calls, status, reason, who: guidanceOf(reason).who, next };
}

function specialEnding(
  { kind, field, headers = {} }: RecordedRefusal,
  vendor: string,
  sent: readonly string[],
): Ended | undefined {
  // There is nothing to leave out, so it may be the texts: they are sent one by one.
  if (kind === 'field' && field !== undefined && !sent.includes(field))
    return [encodingIsFoundOut(vendor) ? 4 : 3, 'embedded'];
  // The pause without a time is short, and may be over before the other article.
  if (kind === 'rate' && !Object.keys(headers).some((name) => name.startsWith('retry-after')))
    return [1, 'pending'];
  // One tiny call shows that the fault is not the form of the request.
  if (kind === 'input' && encodingIsFoundOut(vendor)) return [4, 'embedded'];
  return undefined;
}

const encodingIsFoundOut = (name: string) =>
  listedVendors.find((vendor) => vendor.name === name)?.encoding === null;

const nameOf = ({ kind, status, field }: RecordedRefusal) => [kind, status, field].filter(Boolean).join(' ');

/** A tenant of the vendor, with the vendor at the twin: only the database can put it there. */
async function tenantOf(
  test: TestServices,
  { vendor, key, baseUrl }: { readonly vendor: string; readonly key: string; readonly baseUrl: string },
): Promise<TestTenant> {
  const tenant = await test.createTenant();
  const model = test.services.catalogue.find(vendor)?.defaultModel ?? 'a-model';
  const updated = await test.services.llmConfig.update(tenant.actor, {
    ...{ embedding_provider: 'custom', embedding_base_url: baseUrl },
    ...{ embedding_model: model, embedding_api_key: key },
  });
  expect(updated.kind).toBe('updated');
  await test.db.rawAsOwner('update llm_settings set embedding_provider = $1 where tenant_id = $2', [
    vendor,
    tenant.id,
  ]);
  return tenant;
}

/** An article of two texts to embed: a passage and the card. */
const publish = (test: TestServices, tenant: TestTenant, name = 'One') =>
  createArticle(test, tenant, { body: section(name), tags: ['a tag'] });

const section = (name: string) =>
  `## ${name}\n\n${Array.from({ length: 12 }, (_, i) => `Sentence ${i} of ${name} says what ${name} is about.`).join(' ')}`;

/** The steps of the workflow until the article is complete, waits or is given up. */
async function walk({ services }: TestServices, article: ArticleRef): Promise<void> {
  const { steps } = services;
  for (let step = 0; step < 500; step += 1) {
    const resolved = await steps.resolveKey(article);
    if (resolved.kind === 'failed') return steps.giveUp(article, resolved.code);
    if (resolved.kind !== 'reference') return;
    const check = await steps.checkContentHash(article, resolved.key);
    if (check.kind !== 'missing') return;
    const generated = await steps.generate(article, resolved.key, check.contentHash);
    if (generated.kind === 'failed') return steps.giveUp(article, generated.code);
    // Other articles of the file hold the slots.
    if (generated.kind === 'busy') await delay(20);
    else if (generated.kind !== 'more') return;
  }
  throw new Error('the article is sent without end');
}

async function embeddingOf({ services }: TestServices, { tenantId, articleId }: ArticleRef) {
  const article = await services.articles.get(tenantId, articleId);
  if (article === undefined) throw new Error('no such article');
  return article.embedding;
}
