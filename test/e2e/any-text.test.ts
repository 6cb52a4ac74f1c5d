import { describe, expect } from 'vitest';
import { factsOfService } from '../support/fixtures.ts';
import { eventually } from '../support/running-service.ts';

const it = factsOfService(() => ({ EMBEDDING_BATCH_CHUNKS: '256' }));
it.beforeAll(async ({ service }) => {
  await service.startWorker();
});
const most = 500_000;

describe('an article of 500,000 characters', () => {
  it.for([
    ['prose', repeated('The lease ends before the holder knows it, and the next one begins its work. ')],
    ['one word', repeated('x')],
    ['emoji', repeated('👩‍👩‍👧‍👦🎉🏳️‍🌈')],
    ['CJK', repeated('知識は共有されて初めて組織のものになる。')],
    ['code', repeated('if (epoch !== current) { return undefined; }\n')],
  ] as const)(
    'of %s is taken, embedded whole and found',
    { timeout: 120_000 },
    async ([_kind, text], { service, tenant }) => {
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
      // The last one is the card, which says again how the text begins.
      const stored = rows
        .slice(0, -1)
        .map(({ text: chunk }) => String(chunk))
        .join('');
      expect(dense(stored) === dense(body)).toBe(true);
    },
  );
});

describe('text that is no text', () => {
  it.for([
    ['a NUL', 'before\u0000after'],
    ['another control character', 'bell \u0007'],
    ['half a surrogate pair', 'half \ud83d only'],
  ] as const)('is refused with the field’s name: %s', async ([_kind, body], { service, tenant }) => {
    const answer = await service.call(tenant.keys.user, 'POST', '/articles', {
      title: 'Odd',
      body,
      category: 'reference',
    });
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({ code: 'validation_failed', errors: [{ path: 'body' }] });
  });

  it('is refused when it is one character too long', async ({ service, tenant }) => {
    const answer = await service.call(tenant.keys.user, 'POST', '/articles', {
      title: 'Long',
      body: 'x'.repeat(most + 1),
      category: 'reference',
    });
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ path: 'body' }] } });
  });
});

/** As many repetitions as make the longest text that is allowed, or a few characters more. */
function repeated(text: string): string {
  return text.repeat(Math.ceil(most / [...text].length));
}
const cut = (text: string) => [...text].slice(0, most).join('');

/** Characters that are not blank, in order. */
const dense = (text: string) => text.replace(/\s+/gu, '');
