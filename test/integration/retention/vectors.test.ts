import { expect } from 'vitest';
import type { ArticleRef } from '../../../src/domain/embed-article.ts';
import { createArticle } from '../../support/articles.ts';
import { embedOnce } from '../../support/embed-once.ts';
import { factsOfServices } from '../../support/fixtures.ts';
import type { TestServices, TestTenant } from '../../support/test-services.ts';

const it = factsOfServices(() => ({ EMBEDDING_DEFAULT_MODEL: 'twin-model' }));

it('keeps the vector of a text that was edited away for 30 days, within which the return buys nothing', async ({
  twin,
  test,
  tenant,
  key,
}) => {
  const article = await embedTexts(test, tenant, ['The first words.', 'The second words.']);
  await age(test, article, '29 days');
  await test.services.retention.sweep();
  expect(await textsOf(test, article)).toEqual(['The first words.', 'The second words.']);

  await edit(test, tenant, article, 'The first words.');
  expect(await embedOnce(test, article)).toBe('unchanged');
  expect(twin.callsOf(key)).toHaveLength(2);
  // Now the second text is the unused one, since this moment.
  await sweepAll(test);
  expect(await textsOf(test, article)).toEqual(['The first words.', 'The second words.']);
});

it('deletes the vector after 30 days, with no vector of the current text; the return buys it again', async ({
  twin,
  test,
  tenant,
  key,
}) => {
  const article = await embedTexts(test, tenant, ['The first words.', 'The second words.']);
  const other = await embedTexts(test, tenant, ['The first words.']);
  await age(test, article, '31 days');
  await test.services.retention.sweep();
  expect(await textsOf(test, article)).toEqual(['The second words.']);
  expect(await textsOf(test, other)).toEqual(['The first words.']);

  await test.db.rawAsOwner('delete from articles where id = $1', [other.articleId]);
  await edit(test, tenant, article, 'The first words.');
  const before = twin.callsOf(key).length;
  expect(await embedOnce(test, article)).toBe('embedded');
  expect(twin.callsOf(key).length - before).toBe(1);
});

it('counts the 30 days from the last edit away', async ({ test, tenant }) => {
  const article = await embedTexts(test, tenant, [
    'The first words.',
    'The second words.',
    'The first words.',
  ]);
  await age(test, article, '20 days');
  await edit(test, tenant, article, 'The third words.');
  await embedOnce(test, article);
  await age(test, article, '15 days');
  await test.services.retention.sweep();
  // The second text has been unused for 35 days, the first for 15.
  expect(await textsOf(test, article)).toEqual(['The first words.', 'The third words.']);
});

it('ends the vectors of a model 30 days after another has replaced it, with their manifests', async ({
  test,
  tenant,
}) => {
  const article = await embedTexts(test, tenant, ['Some words.']);
  await setModel(test, tenant, 'twin-model-2');
  expect(await embedOnce(test, article)).toBe('embedded');
  expect(await spacesOf(test, article)).toEqual(['twin-model', 'twin-model-2']);
  await test.services.retention.sweep();
  expect(await spacesOf(test, article)).toEqual(['twin-model', 'twin-model-2']);

  await test.db.rawAsOwner(
    `update embedding_spaces set retired_at = now() - interval '31 days' where tenant_id = $1 and state = 'retired'`,
    [tenant.id],
  );
  await test.services.retention.sweep();
  expect(await spacesOf(test, article)).toEqual(['twin-model-2']);
  await setModel(test, tenant, 'twin-model');
  expect(await embedOnce(test, article)).toBe('embedded');
});

it('never ends the vectors of the space that serves, however long ago it was retired before', async ({
  test,
  tenant,
}) => {
  const article = await embedTexts(test, tenant, ['Some words.']);
  await test.db.rawAsOwner(
    `update embedding_spaces set retired_at = now() - interval '1 year' where tenant_id = $1`,
    [tenant.id],
  );
  await test.services.retention.sweep();
  expect(await spacesOf(test, article)).toEqual(['twin-model']);
});

it('leaves no article embedded without a vector when its text returns while the vector is being deleted', async ({
  test,
  tenant,
}) => {
  const article = await embedTexts(test, tenant, ['The first words.', 'The second words.']);
  await edit(test, tenant, article, 'The first words.');
  // A deletion that has begun and not committed.
  const { database } = test.services;
  let returned: Promise<string> | undefined;
  await database.withTenant(tenant.id, async (tx) => {
    await tx.raw(`delete from unused_chunks where article_id = ?`, [article.articleId]);
    await tx.raw(`delete from chunk_vectors where article_id = ? and text like '%first words.'`, [
      article.articleId,
    ]);
    returned = embedOnce(test, article);
    await waitForLock(test);
  });
  // It has seen the vector, found it gone when it wrote the manifest, and bought it again.
  expect(await returned).toBe('embedded');
  expect(await textsOf(test, article)).toContain('The first words.');
});

/** An article that had these texts one after the other, each embedded. */
async function embedTexts(
  test: TestServices,
  tenant: TestTenant,
  texts: readonly string[],
): Promise<ArticleRef> {
  const [first = '', ...others] = texts;
  const article = await createArticle(test, tenant, { title: 'T', body: first });
  await embedOnce(test, article);
  for (const body of others) {
    await edit(test, tenant, article, body);
    await embedOnce(test, article);
  }
  return article;
}

async function edit({ services }: TestServices, tenant: TestTenant, { articleId }: ArticleRef, body: string) {
  const edited = await services.articles.edit(tenant.actor, articleId, { body }, { kind: 'any' });
  expect(edited.kind).toBe('ok');
}

async function setModel({ services }: TestServices, tenant: TestTenant, model: string) {
  const updated = await services.llmConfig.update(tenant.actor, { embedding_model: model });
  expect(updated.kind).toBe('updated');
}

/** Lets time pass for the unused chunks of the article. */
const age = ({ db }: TestServices, { articleId }: ArticleRef, time: string) =>
  db.rawAsOwner('update unused_chunks set since = since - $2::interval where article_id = $1', [
    articleId,
    time,
  ]);

/** The bodies of the article for which there are vectors. */
async function textsOf({ db }: TestServices, { articleId }: ArticleRef): Promise<string[]> {
  const rows = await db.rawAsOwner('select text from chunk_vectors where article_id = $1', [articleId]);
  return rows.map(({ text }) => String(text).split('\n').at(-1) ?? '').toSorted();
}

/** The models for which the article has vectors and a manifest. */
async function spacesOf({ db }: TestServices, { articleId }: ArticleRef): Promise<unknown[]> {
  const rows = await db.rawAsOwner(
    `select s.model from embedding_spaces s
      where exists (select 1 from chunk_vectors v where v.space_id = s.id and v.article_id = $1)
         or exists (select 1 from article_manifests m where m.space_id = s.id and m.article_id = $1)
      order by 1`,
    [articleId],
  );
  return rows.map(({ model }) => model);
}

async function sweepAll({ services }: TestServices): Promise<void> {
  while ((await services.retention.sweep()) > 0);
}

/** Until a statement waits for a lock. */
async function waitForLock({ db }: TestServices): Promise<void> {
  for (;;) {
    const [row] = await db.rawAsOwner(
      `select count(*)::int as waiting from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`,
    );
    if (Number(row?.waiting) > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
