import { describe, expect } from 'vitest';
import type { ArticleRef } from '../../../src/domain/embed-article.ts';
import type { SearchMode } from '../../../src/search/cursor.ts';
import { createArticle } from '../../support/articles.ts';
import { embedOnce } from '../../support/embed-once.ts';
import { factsOfServices } from '../../support/fixtures.ts';
import { type ProviderTwin, twinKey } from '../../support/provider-twin.ts';
import { readSamples, sampleValue } from '../../support/scrape.ts';
import type { TestServices } from '../../support/test-services.ts';

// One story through the real guard, custody and database, and then what the scrape says of it.
const it = factsOfServices().extend('story', { scope: 'file' }, ({ twin, test }) => runStory(twin, test));

describe('a scrape after real calls', () => {
  it.for([
    ['workflow', 'ok', 1],
    ['search', 'ok', 2],
    ['search', 'provider_unavailable', 3],
    ['search', 'credential_rejected', 1],
  ] as const)('shows the %s’s calls that ended with %s', ([source, code, calls], { story }) => {
    const labels = { provider: 'embedding', operation: 'embedding', source, code };
    expect(sampleValue(story.text, 'lorekeep_provider_calls_total', labels)).toBe(calls);
  });

  it('shows as many calls as the provider has seen, and no other', ({ twin, story }) => {
    const counted = readSamples(story.text).filter(({ name }) => name === 'lorekeep_provider_calls_total');
    expect(counted.reduce((sum, { value }) => sum + value, 0)).toBe(twin.calls.length);
    expect(counted).toHaveLength(4);
    const timed = readSamples(story.text).filter(
      ({ name }) => name === 'lorekeep_provider_call_duration_seconds_count',
    );
    expect(timed.reduce((sum, { value }) => sum + value, 0)).toBe(twin.calls.length);
  });

  it('shows the tokens that the provider has billed, by source', ({ twin, story }) => {
    const [workflow, ...searches] = twin.calls.filter(({ billed }) => billed);
    const bought = (source: string) =>
      sampleValue(story.text, 'lorekeep_provider_tokens_total', {
        provider: 'embedding',
        source,
        direction: 'input',
      });
    expect(bought('workflow')).toBe(workflow?.tokens);
    expect(bought('search')).toBe(searches.reduce((sum, { tokens }) => sum + tokens, 0));
  });

  it.for([
    ['circuit_open', 2],
    ['credential_rejected', 1],
  ] as const)('shows the calls refused with %s before they were made', ([code, calls], { story }) => {
    expect(sampleValue(story.text, 'lorekeep_provider_calls_refused_total', { source: 'search', code })).toBe(
      calls,
    );
  });

  it.for([
    ['opened', 1],
    ['probe', 1],
    ['closed', 1],
    ['reset', 1],
  ] as const)('shows that the breaker %s', ([to, times], { story }) => {
    expect(sampleValue(story.text, 'lorekeep_breaker_transitions_total', { provider: 'embedding', to })).toBe(
      times,
    );
  });

  it('shows what the hashes have spared', ({ story }) => {
    expect(sampleValue(story.text, 'lorekeep_hash_checks_total', { outcome: 'missing' })).toBe(1);
    expect(sampleValue(story.text, 'lorekeep_hash_checks_total', { outcome: 'unchanged' })).toBe(1);
    expect(sampleValue(story.text, 'lorekeep_chunks_total', { fate: 'bought' })).toBe(1);
    expect(sampleValue(story.text, 'lorekeep_chunks_total', { fate: 'skipped' })).toBe(1);
  });

  it('shows one decryption, and that the cache has served all others', ({ twin, story }) => {
    expect(sampleValue(story.text, 'lorekeep_key_openings_total', { by: 'vault', code: 'ok' })).toBe(1);
    // Twice to resolve the key, and for every call; the first of them all asked Vault.
    expect(sampleValue(story.text, 'lorekeep_key_openings_total', { by: 'cache' })).toBe(
      2 + twin.calls.length - 1,
    );
  });

  it('shows every operation that a tenant without a key went without', ({ story }) => {
    expect(sampleValue(story.text, 'lorekeep_blocked_no_api_key_total', { operation: 'embedding' })).toBe(3);
    expect(sampleValue(story.text, 'lorekeep_blocked_no_api_key_total', { operation: 'search' })).toBe(4);
  });

  it('shows the state of the database over all tenants', ({ story }) => {
    expect(sampleValue(story.text, 'lorekeep_articles', { embedding_status: 'embedded' })).toBe(1);
    expect(sampleValue(story.text, 'lorekeep_articles', { embedding_status: 'blocked' })).toBe(1);
    expect(sampleValue(story.text, 'lorekeep_articles', { embedding_status: 'failed' })).toBe(0);
    expect(
      sampleValue(story.text, 'lorekeep_articles_stopped', {
        embedding_status: 'blocked',
        reason: 'no_api_key',
      }),
    ).toBe(1);
    expect(sampleValue(story.text, 'lorekeep_breakers', { provider: 'embedding', state: 'closed' })).toBe(1);
    // Two articles and the key, for all of which Temporal is away.
    expect(sampleValue(story.text, 'lorekeep_outbox_rows')).toBe(3);
    expect(sampleValue(story.text, 'lorekeep_outbox_oldest_seconds')).toBeGreaterThanOrEqual(3_600);
    expect(sampleValue(story.text, 'lorekeep_ledger_missing_calls')).toBe(1);
    expect(sampleValue(story.text, 'lorekeep_call_records_open')).toBe(1);
    expect(sampleValue(story.text, 'lorekeep_call_records_unknown')).toBe(1);
  });

  it('holds no id, no key, no model and no slug', ({ twin, story }) => {
    for (const secret of [
      story.tenant.id,
      story.articleId,
      story.key.slice(0, 12),
      'multilingual',
      twin.baseUrl,
    ]) {
      expect(story.text).not.toContain(secret);
    }
    expect(story.text).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-/);
  });
});

/** Calls that succeed, fail, are refused and are left open. Returns who made them, and the scrape after them. */
async function runStory(twin: ProviderTwin, test: TestServices) {
  const key = twinKey();
  const tenant = await test.createTenant(key);
  const keyless = await test.createTenant();
  const embed = (article: ArticleRef) => embedOnce(test, article);
  let searches = 0;
  /** Each search has words of its own, because the vector of an earlier query is remembered. */
  const search = (of = tenant, mode: SearchMode = 'semantic') => {
    searches += 1;
    return test.services.search.search(of.id, {
      q: `words of article ${searches}`,
      mode,
      tags: [],
      limit: 5,
    });
  };
  const reasonOf = async (searching: ReturnType<typeof search>) => {
    const result = await searching;
    return result.kind === 'found' ? result.fallbackReason : result.kind;
  };
  const unhappy = { kind: 'status', status: 500 } as const;

  const article = await createArticle(test, tenant, { body: 'The words of an article.' });
  expect(await embed(article)).toBe('embedded');
  expect(await embed(article)).toBe('unchanged');
  expect(await reasonOf(search())).toBeNull();

  twin.script(key, [unhappy, unhappy, unhappy]);
  for (let i = 0; i < 3; i += 1) expect(await reasonOf(search())).toBe('provider_unavailable');
  for (let i = 0; i < 2; i += 1) expect(await reasonOf(search())).toBe('circuit_open');
  await test.db.rawAsOwner(`update breakers set open_until = clock_timestamp() - interval '1 second'`);
  expect(await reasonOf(search())).toBeNull();
  await test.services.providerStates.reset(tenant.actor, 'embedding');

  twin.script(key, [{ kind: 'status', status: 401 }]);
  expect(await reasonOf(search())).toBe('credential_rejected');
  expect(await reasonOf(search())).toBe('credential_rejected');

  const blocked = await createArticle(test, keyless, { body: 'Nobody pays for these.' });
  for (let i = 0; i < 3; i += 1) expect(await embed(blocked)).toBe('no_api_key');
  for (let i = 0; i < 4; i += 1) expect(await reasonOf(search(keyless))).toBe('no_api_key');
  await search(keyless, 'keyword');

  await test.db.rawAsOwner(
    `update provider_calls set ledger_due = true, finished_at = finished_at - interval '10 minutes' where source = 'workflow'`,
  );
  await test.db.rawAsOwner(
    `insert into provider_calls (tenant_id, id, provider, operation, source, model, key_version, inputs, started_at, finished_at, outcome)
     select $1::uuid, gen_random_uuid(), 'embedding', 'embedding', 'workflow', 'm', 1, 1, clock_timestamp() - age, ended, outcome
       from (values (interval '10 minutes', null::timestamptz, null),
                    (interval '1 minute', clock_timestamp(), 'ok'),
                    (interval '4 minutes', null, null),
                    (interval '2 hours', clock_timestamp(), 'unknown'),
                    (interval '2 days', clock_timestamp(), 'unknown')) c (age, ended, outcome)`,
    [tenant.id],
  );
  await test.db.rawAsOwner(
    `update outbox set created_at = clock_timestamp() - interval '1 hour' where subject_id = $1`,
    [article.articleId],
  );
  return { key, tenant, articleId: article.articleId, text: await test.metrics.scrape() };
}
