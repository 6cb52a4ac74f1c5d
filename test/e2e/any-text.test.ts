import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { articleText } from '../../src/domain/article-text.ts';
import { type ProviderTwin, startProviderTwin, twinKey } from '../support/provider-twin.ts';
import { eventually, type RunningService, startService } from '../support/running-service.ts';
import type { TestTenant } from '../support/test-services.ts';

const most = 500_000;

let twin: ProviderTwin;
let service: RunningService;
let tenant: TestTenant;

beforeAll(async () => {
  twin = await startProviderTwin();
  service = await startService({ EMBEDDING_BASE_URL: twin.baseUrl, EMBEDDING_BATCH_CHUNKS: '256' });
  await service.startWorker();
  tenant = await service.createTenant(twinKey());
});
afterAll(async () => {
  await service.close();
  await twin.close();
});

const repeated = (text: string) => text.repeat(Math.ceil(most / [...text].length));
const cut = (text: string) => [...text].slice(0, most).join('');

/** Characters that are not blank, in order. */
const dense = (text: string) => text.replace(/\s+/gu, '');

describe('an article of 500,000 characters', () => {
  it.each([
    ['prose', repeated('The lease ends before the holder knows it, and the next one begins its work. ')],
    ['one word', repeated('x')],
    ['emoji', repeated('👩‍👩‍👧‍👦🎉🏳️‍🌈')],
    ['CJK', repeated('知識は共有されて初めて組織のものになる。')],
    ['code', repeated('if (epoch !== current) { return undefined; }\n')],
  ])(
    'of %s is taken, embedded whole and found',
    async (_kind, text) => {
      const body = cut(text);
      const created = await service.call(tenant.keys.user, 'POST', '/articles', {
        title: 'A very long one',
        body,
        category: 'reference',
        force: true,
      });
      expect(created.status).toBe(201);
      const { id } = created.body.data;
      const article = await eventually(async () => {
        const { body: answer } = await service.call(tenant.keys.user, 'GET', `/articles/${id}`);
        return answer.data.embedding.status === 'embedded' ? answer.data : undefined;
      }, 90_000);

      const rows = await service.db.rawAsOwner(
        `select v.text from article_manifests m
         cross join unnest(m.chunk_hashes) with ordinality as c (hash, position)
         join chunk_vectors v on v.tenant_id = m.tenant_id and v.article_id = m.article_id and v.chunk_hash = c.hash
        where m.article_id = $1 order by c.position`,
        [id],
      );
      expect(rows).toHaveLength(article.embedding.chunks);
      const stored = rows.map(({ text: chunk }) => String(chunk)).join('');
      expect(dense(stored) === dense(articleText({ title: 'A very long one', body }))).toBe(true);
    },
    120_000,
  );
});

describe('text that is no text', () => {
  it.each([
    ['a NUL', 'before\u0000after'],
    ['another control character', 'bell \u0007'],
    ['half a surrogate pair', 'half \ud83d only'],
  ])('is refused with the field’s name: %s', async (_kind, body) => {
    const answer = await service.call(tenant.keys.user, 'POST', '/articles', {
      title: 'Odd',
      body,
      category: 'reference',
    });
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({ code: 'validation_failed', errors: [{ path: 'body' }] });
  });

  it('is refused when it is one character too long', async () => {
    const answer = await service.call(tenant.keys.user, 'POST', '/articles', {
      title: 'Long',
      body: 'x'.repeat(most + 1),
      category: 'reference',
    });
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ path: 'body' }] } });
  });
});
