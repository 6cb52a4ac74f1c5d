import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { listHeadlines } from '../../../src/search/hits-read-model.ts';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts';

let db: TestDatabase;
const tenantId = randomUUID();
const articleId = randomUUID();

beforeAll(async () => {
  db = await createTestDatabase();
  await db.database.withTenant(tenantId, async (tx) => {
    await tx('tenants').insert({ id: tenantId, slug: 'headlines', name: 'Headlines' });
    await tx('articles').insert({
      ...{ tenant_id: tenantId, id: articleId, title: 'T', body: '', category: 'idea' },
      ...{ status: 'published', content_hash: 'h' },
    });
  });
});
afterAll(() => db?.drop());

/** The headline of a body, with the marked words in brackets. */
async function headline(body: string, ...words: string[]): Promise<string | undefined> {
  const found = await db.database.withTenant(tenantId, async (tx) => {
    await tx('articles').where({ id: articleId }).update({ body });
    return listHeadlines(tx, tenantId, [articleId], { lexemes: words });
  });
  return found.get(articleId)?.replaceAll('\u0001', '[').replaceAll('\u0002', ']');
}

const prose = 'The lease ends before the holder knows it, and the next one begins its work. '.repeat(300);

it('a headline shows a word wherever it stands in the first 16,000 characters', async () => {
  for (const at of [0, 900, 980, 990, 995, 1_000, 1_050, 1_095, 1_100, 1_105, 1_200, 2_095, 8_000, 15_900]) {
    expect(await headline(`${prose.slice(0, at)} zebra ${prose.slice(at)}`, 'zebra')).toContain('[zebra]');
    expect(await headline(`${prose.slice(0, at)} zebra`, 'zebra')).toContain('[zebra]');
  }
  expect(await headline(`${prose.slice(0, 16_100)} zebra`, 'zebra')).toMatch(/^The lease ends/);
});

it('a headline is of the passage with the most of the words, and of the first of those', async () => {
  const body = `one ${prose.slice(0, 3_000)} two quagga ${prose.slice(0, 3_000)} three zebra quagga ${prose.slice(0, 3_000)} four zebra quagga`;
  expect(await headline(body, 'zebra', 'quagga')).toContain('three [zebra] [quagga]');
  expect(await headline(`zebra zebra zebra ${body}`, 'zebra', 'quagga')).toContain('three [zebra] [quagga]');
  expect(await headline(body, 'quagga')).toContain('two [quagga]');
});

it('a headline marks no piece of a word that a window cuts', async () => {
  for (let at = 1_080; at < 1_101; at += 1) {
    const body = `${'x '.repeat(500)}${'y'.repeat(at - 1_000)} locksteps ${'x '.repeat(3_000)}`;
    expect(await headline(body, 'lock', 'step', 'lockstep')).toContain('[locksteps]');
    expect(await headline(body, 'lock', 'steps')).not.toContain('[');
  }
});

it('a headline of an empty body is empty', async () => {
  expect(await headline('', 'zebra')).toBe('');
});
