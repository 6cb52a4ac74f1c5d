import { expect } from 'vitest';
import { createArticle } from '../../support/articles.ts';
import { embedOnce } from '../../support/embed-once.ts';
import { factsOfServices } from '../../support/fixtures.ts';
import type { TestServices, TestTenant } from '../../support/test-services.ts';

// A person waits for 200 ms and a workflow for 3 s; the provider answers rightly after 500 ms.
const slowMs = 500;
const it = factsOfServices(() => ({
  EMBEDDING_TIMEOUT_MS: '200',
  GUARD_TIMEOUT_MS: '900',
  EMBEDDING_WORKFLOW_TIMEOUT_MS: '3000',
  BREAKER_OPEN_MS: '300',
  WORKER_MAX_ACTIVITIES: '20',
}));

it('a provider that is too slow for a person who searches all the time embeds every article', async ({
  twin,
  test,
  tenant,
  key,
}) => {
  expect(await embedOnce(test, await createArticle(test, tenant, { body: 'Before.' }))).toBe('embedded');
  twin.script(key, [], { kind: 'ok', delayMs: slowMs });

  const person = searchOnAndOn(test, tenant);
  // Until the breaker is open for persons.
  while (!person.reasons.includes('circuit_open')) await pause(20);
  for (let i = 0; i < 5; i += 1) {
    const article = await createArticle(test, tenant, { body: `Text ${i}.` });
    expect(await embedOnce(test, article)).toBe('embedded');
  }
  await person.leave();

  // The person is told at once, and the provider is asked a few times only.
  expect(person.reasons.filter((reason) => reason === 'circuit_open').length).toBeGreaterThan(
    person.reasons.filter((reason) => reason === 'provider_timeout').length,
  );
  const { embedding } = await test.services.providerStates.view(tenant.id);
  expect(embedding.state).not.toBe('closed');

  // Quick again: the next probe closes it for persons, too.
  twin.script(key, []);
  for (;;) {
    const { reason } = await search(test, tenant, 'quick again');
    if (reason === null) break;
    await pause(50);
  }
  const after = await test.services.providerStates.view(tenant.id);
  expect(after.embedding).toMatchObject({ state: 'closed', failures: 0 });
});

it('a refusal that a person’s probe gets at once does not count as too slow', async ({
  twin,
  test,
  tenant,
  key,
}) => {
  expect(await embedOnce(test, await createArticle(test, tenant, { body: 'Before.' }))).toBe('embedded');
  twin.script(key, [], { kind: 'ok', delayMs: slowMs });
  let asked = 0;
  const until = async (reason: string) => {
    for (;;) {
      asked += 1;
      if ((await search(test, tenant, `question ${asked}`)).reason === reason) return;
      await pause(20);
    }
  };
  await until('circuit_open');
  twin.script(key, [], { kind: 'status', status: 429 });
  await until('provider_rate_limited');
  const { embedding } = await test.services.providerStates.view(tenant.id);
  expect(embedding).toMatchObject({ state: 'closed', failures: 0 });
});

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function search({ services }: TestServices, tenant: TestTenant, q: string) {
  const found = await services.search.search(tenant.id, { q, mode: 'semantic', tags: [], limit: 5 });
  return { reason: found.kind === 'found' ? found.fallbackReason : found.kind };
}

/** A person who searches for something else every 50 ms; `reasons` has why the words alone were searched. */
function searchOnAndOn(test: TestServices, tenant: TestTenant) {
  const reasons: unknown[] = [];
  let here = true;
  const searching = (async () => {
    for (let i = 0; here; i += 1) {
      reasons.push((await search(test, tenant, `question ${i}`)).reason);
      await pause(50);
    }
  })();
  return {
    reasons,
    async leave() {
      here = false;
      await searching;
    },
  };
}
