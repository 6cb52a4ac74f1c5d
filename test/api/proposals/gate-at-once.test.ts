import { Registry } from 'prom-client';
import { describe, expect } from 'vitest';
import { createServices } from '../../../src/main/services.ts';
import { createLogger } from '../../../src/platform/telemetry/logging.ts';
import { createMetrics } from '../../../src/platform/telemetry/metrics.ts';
import type { Answer } from '../../support/answer.ts';
import { answerWith, axis, near } from './gate-api.ts';
import { factsOfProposals, withTime } from './proposal-facts.ts';

// Proposals that come at the same moment.
const it = factsOfProposals(withTime);

describe('equal proposals at the same moment', () => {
  it.for([2, 50])('%i of them are one article and one call', async (times, { proposer }) => {
    const answers = await manyTimes(times, () => proposer.post());
    expect(counts(answers)).toEqual({ '201 novel': 1, '200 duplicate': times - 1 });
    expect(new Set(answers.map(({ body }) => body.data.id)).size).toBe(1);
    expect(await proposer.articles()).toHaveLength(1);
    expect(proposer.calls()).toBe(1);
  });

  it('of low novelty are one draft and duplicates of it', async ({ twin, proposer }) => {
    twin.script(proposer.key, [answerWith([axis(0)]), answerWith([near(0.9)])]);
    await proposer.post({ title: 'The first' });
    const answers = await manyTimes(5, () => proposer.post({ title: 'Nearly the first' }));
    expect(counts(answers)).toEqual({ '201 low_novelty': 1, '200 duplicate': 4 });
    expect((await proposer.articles()).map(({ status }) => status).sort()).toEqual(['draft', 'published']);
  });

  it('for drafts are one draft, and are not compared with one that was forced', async ({ proposer }) => {
    const forced = await proposer.post({ status: 'draft', force: true });
    const answers = await manyTimes(20, () => proposer.post({ status: 'draft' }));
    expect(counts(answers)).toEqual({ '201 novel': 1, '200 duplicate': 19 });
    const [id, ...others] = new Set(answers.map(({ body }) => body.data.id));
    expect(others).toEqual([]);
    expect(await proposer.articles()).toMatchObject([
      { id, status: 'draft' },
      { id: forced.body.data.id, status: 'draft' },
    ]);
  });

  it('of the text of a draft are one published article beside it, with which later drafts are compared', async ({
    proposer,
  }) => {
    const draft = (await proposer.post({ status: 'draft' })).body.data;
    const answers = await manyTimes(20, () => proposer.post());
    expect(counts(answers)).toEqual({ '201 novel': 1, '200 duplicate': 19 });
    const articles = await proposer.articles();
    expect(articles.map(({ status }) => status)).toEqual(['published', 'draft']);
    expect(articles[1]?.id).toBe(draft.id);
    const again = await proposer.post({ status: 'draft' });
    expect([again.status, again.body.data.id]).toEqual([200, articles[0]?.id]);
  });

  it('that say the same in other forms are one article, too', async ({ proposer }) => {
    const forms = ['Some words.', '**Some** words!', '\n\nSOME   words', '- some words'];
    const answers = await manyTimes(12, (at) => proposer.post({ body: forms[at % forms.length] }));
    expect(counts(answers)).toEqual({ '201 novel': 1, '200 duplicate': 11 });
  });

  it('for drafts that say the same in other forms are one draft, whatever their tags', async ({
    proposer,
  }) => {
    const forms = [
      { title: 'Of Ünïcode', body: 'Some "words" of it.' },
      { title: 'OF ÜNÏCODE', body: '**Some** “words” of it!', tags: ['b'] },
      { title: 'of ünïcode', body: '- SOME "words"\n  of it', tags: ['c'] },
    ];
    const answers = await manyTimes(6, (at) =>
      proposer.post({ ...forms[at % forms.length], status: 'draft' }),
    );
    expect(counts(answers)).toEqual({ '201 novel': 1, '200 duplicate': 5 });
    const other = await proposer.post({ title: 'Of Ünïcode', body: 'Some “words” of him.', status: 'draft' });
    expect(other.status).toBe(201);
  });

  it('that are alike and not equal are one published article, and a draft', async ({ twin, proposer }) => {
    twin.script(proposer.key, [answerWith([axis(0)]), answerWith([near(0.99)])]);
    const answers = await manyTimes(2, (at) => proposer.post({ title: `Version ${at}` }));
    expect(counts(answers)).toEqual({ '201 novel': 1, '201 low_novelty': 1 });
  });

  it('of two processes are one article', async ({ service, proposer }) => {
    const other = createServices(
      service.environment,
      createLogger({ level: 'silent', process: 'test' }),
      createMetrics(new Registry()),
      'lorekeep-test-other',
    );
    try {
      const fields = { title: 'Of two processes', body: 'Some words.', category: 'idea' } as const;
      const created = await manyTimes(12, (at) =>
        (at % 2 === 0 ? service.services : other).articles.create(proposer.tenant.actor, {
          ...{ ...fields, tags: [], status: 'published', sourceType: null, metadata: {}, force: false },
        }),
      );
      expect(created.filter(({ kind }) => kind === 'created')).toHaveLength(1);
      expect(await proposer.articles()).toHaveLength(1);
    } finally {
      await other.close();
    }
  });

  it('with one Idempotency-Key have one answer', async ({ proposer }) => {
    const answers = await manyTimes(6, () => proposer.post({}, { 'idempotency-key': 'once' }));
    expect(counts(answers)).toEqual({ '201 novel': 6 });
    expect(new Set(answers.map(({ body }) => body.data.id)).size).toBe(1);
  });
});

describe('a tenant whose proposals wait for each other', () => {
  it('leaves connections to the other tenants', async ({ service, newProposer }) => {
    const busy = await newProposer();
    const calm = await newProposer();
    const hold = service.services.database.withTenant(busy.tenant.id, async (tx) => {
      await tx.raw('select pg_advisory_xact_lock(hashtextextended(?, 0))', [`proposals ${busy.tenant.id}`]);
      const waiting = manyTimes(20, (at) => busy.post({ title: `Title ${at}` }));
      // With as many connections held as there are proposals, this one would find none.
      expect((await calm.post()).status).toBe(201);
      return { waiting };
    });
    const answers = await (await hold).waiting;
    expect(answers.every(({ status }) => status === 201 || status === 200)).toBe(true);
  });
});

/** How often each status and verdict was answered. */
function counts(answers: readonly Answer[]) {
  const count = new Map<string, number>();
  for (const { status, body } of answers) {
    const answer = `${status} ${body.meta.gate.verdict}`;
    count.set(answer, (count.get(answer) ?? 0) + 1);
  }
  return Object.fromEntries(count);
}

function manyTimes<T>(times: number, work: (at: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: times }, (_, at) => work(at)));
}
