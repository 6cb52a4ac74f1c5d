import { afterEach, beforeEach, describe, expect, vi } from 'vitest';
import { embedOnce } from '../../support/embed-once.ts';
import { factsOfService } from '../../support/fixtures.ts';
import type { ProviderTwin } from '../../support/provider-twin.ts';
import type { RunningService } from '../../support/running-service.ts';
import type { TestTenant } from '../../support/test-services.ts';

// The provider counts a quarter of the characters; until it has shown that, a call reserves a token for each character.
const it = factsOfService()
  .extend('books', ({ service, twin, tenant, key }) => openBooks({ service, twin, tenant, key }))
  .extend('agent', ({ books }) => books.openWriter('agent'));

// On the last day of a month its end and that of the day are one moment, and nothing would tell them apart.
beforeEach(() => {
  const now = new Date();
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 10, 12) });
});
afterEach(() => {
  vi.useRealTimers();
});

describe.for(['day', 'month'] as const)('a budget for three chunks a %s', (period) => {
  it('buys an article of eight and its card in three, each chunk once, and never more than it holds', async ({
    books,
    agent,
  }) => {
    await books.showTheModelsCost();
    const id = await agent.write(sections(8));
    const budget = threeChunks;
    await (period === 'day' ? books.setDay(agent, budget) : books.setMonth(budget));
    const portions: number[] = [];
    for (let n = 0; n < 3; n += 1) {
      const before = books.bought().length;
      const ended = await books.embedAndGiveUp(id);
      portions.push(books.bought().length - before);
      const { status, reason, next_attempt_at } = await agent.stateOf(id);
      expect(await books.spent(period, agent)).toBeLessThanOrEqual(budget);
      if (ended === 'embedded') break;
      expect({ status, reason }).toEqual({ status: 'blocked', reason: 'budget_exhausted' });
      expect(next_attempt_at).toBe(next(period));
      await books.wake();
      expect(await agent.stateOf(id)).toMatchObject({ status: 'blocked' });
      await books.passOne(period, n);
      await books.wake();
      expect(await agent.stateOf(id)).toMatchObject({ status: 'pending', next_attempt_at: null });
    }
    // The card, a short one, comes with the last two.
    expect(portions).toEqual([3, 3, 3]);
    expect(await agent.stateOf(id)).toMatchObject({ status: 'embedded', chunks: 9 });
    expect(new Set(books.bought()).size).toBe(books.bought().length);
  });
});

describe('a daily budget', () => {
  it('that has no room for the article of one key has no say in that of another', async ({
    books,
    agent,
  }) => {
    await books.showTheModelsCost();
    await books.setDay(agent, threeChunks);
    const blocked = await agent.write(sections(8));
    expect(await books.embedAndGiveUp(blocked)).toBe('failed');
    const colleague = await books.openWriter('agent');
    const free = await colleague.write(sections(8, 'other'));
    expect(await books.embedAndGiveUp(free)).toBe('embedded');
    expect(await agent.stateOf(blocked)).toMatchObject({ status: 'blocked' });
  });

  it('is not reported as used up when halves of a batch fit it', async ({ books, agent }) => {
    await books.setDay(agent, 1_000);
    const id = await agent.write(sections(3));
    expect(await books.embedAndGiveUp(id)).toBe('embedded');
    expect(books.calls().length).toBeGreaterThan(1);
    expect(await books.exhausted(agent)).toEqual([]);
  });

  it('buys nothing of a text whose every chunk is larger than it', async ({ books, agent }) => {
    await books.setDay(agent, 100);
    const id = await agent.write(sections(8));
    expect(await books.embedAndGiveUp(id)).toBe('failed');
    expect(books.calls()).toEqual([]);
    expect(await books.exhausted(agent)).toHaveLength(1);
  });
});

describe('a search and a proposal that a budget refuses', () => {
  it.for(['day', 'month'] as const)('say that the %s ends, and when', async (period, { books, agent }) => {
    await books.showTheModelsCost();
    await (period === 'day' ? books.setDay(agent, 1) : books.setMonth(1));
    const { meta } = await agent.search('A question');
    expect(meta.fallback_reason).toBe('budget_exhausted');
    expect(meta.retry_at).toBe(next(period));
    const { gate } = (await agent.propose('Words of a proposal.')).meta;
    expect(gate).toMatchObject({
      ...{ verdict: 'unknown', reason: 'budget_exhausted', retry_at: next(period) },
    });
  });
});

describe('an article that the budget of its author has blocked', () => {
  it('is paid by the key that asks for it again', async ({ books, agent }) => {
    await books.setDay(agent, 1);
    const id = await agent.write('Some words.');
    expect(await books.embedAndGiveUp(id)).toBe('failed');
    const orchestrator = await books.openWriter('orchestrator');
    await orchestrator.retry(id);
    expect(await books.embedAndGiveUp(id)).toBe('embedded');
    expect(await books.spent('day', orchestrator)).toBeGreaterThan(0);
    expect(await books.spent('day', agent)).toBe(0);
  });

  it('is refused to a key whose own budget is too small as well', async ({ books, agent }) => {
    await books.setDay(agent, 1);
    const id = await agent.write('Some words.');
    expect(await books.embedAndGiveUp(id)).toBe('failed');
    const orchestrator = await books.openWriter('orchestrator');
    await books.setDay(orchestrator, 1);
    await orchestrator.retry(id);
    expect(await books.embedAndGiveUp(id)).toBe('failed');
    expect(await books.exhausted(orchestrator)).toHaveLength(1);
    expect(books.calls()).toEqual([]);
  });

  it('is paid by the tenant alone once the key is revoked', async ({ books, agent }) => {
    await books.setDay(agent, 1);
    const id = await agent.write('Some words.');
    expect(await books.embedAndGiveUp(id)).toBe('failed');
    await books.revoke(agent);
    await books.wake();
    expect(await books.stateOf(id)).toMatchObject({ status: 'pending' });
    expect(await books.embedAndGiveUp(id)).toBe('embedded');
  });

  it('is paid by the tenant alone from the day on after the key has expired', async ({ books, agent }) => {
    await books.setDay(agent, 1);
    const id = await agent.write('Some words.');
    expect(await books.embedAndGiveUp(id)).toBe('failed');
    await books.expire(agent);
    await books.passOne('day', 0);
    await books.wake();
    expect(await books.stateOf(id)).toMatchObject({ status: 'pending' });
    expect(await books.embedAndGiveUp(id)).toBe('embedded');
  });
});

/** Sections that are a chunk each, which costs a little less than 130 tokens. */
const sections = (count: number, name = 'part') =>
  Array.from(
    { length: count },
    (_, i) => `## The ${name} ${i}\n\n${`Words of ${name} ${i} and of it alone. `.repeat(60).slice(0, 450)}`,
  ).join('\n\n');
const threeChunks = 500;

/** The next midnight or first of a month, in UTC, as the API writes it. */
function next(period: 'day' | 'month'): string {
  const now = new Date();
  const [year, month, day] = [now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()];
  return new Date(
    period === 'day' ? Date.UTC(year, month, day + 1) : Date.UTC(year, month + 1),
  ).toISOString();
}

interface Writer {
  readonly id: string;
  readonly role: string;
}

interface Given {
  readonly service: RunningService;
  readonly twin: ProviderTwin;
  readonly tenant: TestTenant;
  /** The tenant's embedding key. */
  readonly key: string;
}

/** The tenant's budgets, what is bought, and the steps of its articles' workflows. */
function openBooks({ service, twin, tenant, key }: Given) {
  const asUser = async (method: string, path: string, body?: unknown) => {
    const answer = await service.call(tenant.keys.user, method, path, body);
    expect(answer.status).toBeLessThan(300);
    return answer.body;
  };
  const stateOf = async (id: string) => (await asUser('GET', `/articles/${id}`)).data.embedding;

  const openWriter = async (role: 'agent' | 'orchestrator') => {
    const made = await asUser('POST', '/api-keys', { label: `a writer (${role})`, role });
    const { id, key: apiKey }: { id: string; key: string } = made.data;
    const call = async (method: string, path: string, body?: unknown) => {
      const answer = await service.call(apiKey, method, path, body);
      expect(answer.status).toBeLessThan(300);
      return answer.body;
    };
    const propose = (body: string, force = false) =>
      call('POST', '/articles', { title: `By ${role}`, body, category: 'finding', force });
    return {
      ...{ id, role, stateOf, propose },
      write: async (body: string): Promise<string> => (await propose(body, true)).data.id,
      search: (q: string) => call('GET', `/knowledge/search?mode=semantic&q=${encodeURIComponent(q)}`),
      retry: (articleId: string) => call('POST', `/articles/${articleId}/embedding/retry`),
    };
  };

  let callsBefore = 0;
  const calls = () => twin.callsOf(key).slice(callsBefore);

  /** Runs the steps of the workflow to their end, which the article shows where it is a failure. */
  const embedAndGiveUp = async (articleId: string) => {
    const article = { tenantId: tenant.id, articleId };
    let ended = await embedOnce(service, article);
    while (ended === 'more') ended = await embedOnce(service, article);
    if (ended === 'failed') await service.services.steps.giveUp(article, 'budget_exhausted');
    return ended;
  };

  /** An article without a budget, after which calls may reserve less than a token for each character. */
  const showTheModelsCost = async () => {
    const writer = await openWriter('agent');
    expect(await embedAndGiveUp(await writer.write(sections(1, 'first')))).toBe('embedded');
    // The month begins with the fact.
    await service.db.rawAsOwner('delete from usage_ledger where tenant_id = $1', [tenant.id]);
    await service.db.rawAsOwner('update monthly_usage set settled_tokens = 0 where tenant_id = $1', [
      tenant.id,
    ]);
    callsBefore = twin.callsOf(key).length;
  };

  const spent = async (period: 'day' | 'month', writer: Writer) => {
    const [row] =
      period === 'day'
        ? await service.db.rawAsOwner(
            `select settled_tokens::int as spent from daily_key_usage where api_key_id = $1 and day = (now() at time zone 'UTC')::date`,
            [writer.id],
          )
        : await service.db.rawAsOwner(
            `select settled_tokens::int as spent from monthly_usage
              where tenant_id = $1 and month = date_trunc('month', now() at time zone 'UTC')::date`,
            [tenant.id],
          );
    return Number(row?.spent ?? 0);
  };

  /** Moves what this day or month has used to one of the past, a different one for each `n`. */
  const passOne = (period: 'day' | 'month', n: number) =>
    period === 'day'
      ? service.db.rawAsOwner(
          `update daily_key_usage set day = day - $2::int where tenant_id = $1 and day = (now() at time zone 'UTC')::date`,
          [tenant.id, 10 - n],
        )
      : service.db.rawAsOwner(
          `update monthly_usage set month = (month - $2::int * interval '1 month')::date
            where tenant_id = $1 and month = date_trunc('month', now() at time zone 'UTC')::date`,
          [tenant.id, 10 - n],
        );

  return {
    ...{ openWriter, stateOf, calls, embedAndGiveUp, showTheModelsCost, spent, passOne },
    bought: () => calls().flatMap(({ inputs }) => inputs),
    setDay: ({ id }: Writer, tokens: number) =>
      asUser('PATCH', `/api-keys/${id}`, { daily_token_budget: tokens }),
    setMonth: (tokens: number) => asUser('PATCH', '/tenants/me/llm-config', { monthly_token_budget: tokens }),
    /** The audit rows that say that a key's budget is used up. */
    exhausted: async ({ id }: Writer) =>
      (await asUser('GET', `/audit?action=llm.budget_reached&subject_id=${id}`)).data,
    revoke: ({ id }: Writer) => asUser('DELETE', `/api-keys/${id}`),
    expire: ({ id }: Writer) =>
      service.db.rawAsOwner('update api_keys set expires_at = now() where id = $1', [id]),
    wake: () => service.services.backlog.requeueStuck(),
  };
}
