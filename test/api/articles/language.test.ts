import { test as base, describe, expect } from 'vitest';
import { startArticleApi, type TestTenant } from './article-api.ts';

// The language of an article, as its author sets and reads it.
const it = base
  .extend('api', { scope: 'file' }, async ({}, { onCleanup }) => {
    const api = await startArticleApi();
    onCleanup(() => api.close());
    return api;
  })
  .extend('tenant', ({ api, task }): Promise<TestTenant> => api.tenant(`language-${task.id}`));

const german = 'Die Warteschlange vor dem langsamen Dienst verbirgt die Überlast, bis alle auf sie warten.';
const english = 'The queue in front of the slow service hides the overload until everybody waits for it.';
const article = { title: 'Warteschlangen und Überlast', body: german, category: 'idea', force: true };

describe('the language of an article', () => {
  it('is detected by its text, and again when that changes', async ({ tenant }) => {
    const { body } = await tenant.call('POST', '/articles', { body: article });
    expect(body.data.language).toBe('de');
    const path = `/articles/${body.data.id}`;
    const edited = await tenant.call('PATCH', path, { body: { title: 'Queues', body: english } });
    expect(edited.body.data.language).toBe('en');
    expect((await tenant.call('GET', path)).body.data.language).toBe('en');
  });

  it('is the one that is set, whatever the text, until null is set', async ({ tenant }) => {
    const { body } = await tenant.call('POST', '/articles', { body: { ...article, language: 'nl' } });
    expect(body.data.language).toBe('nl');
    const path = `/articles/${body.data.id}`;
    const edited = await tenant.call('PATCH', path, { body: { title: 'Queues', body: english } });
    expect(edited.body.data).toMatchObject({ language: 'nl', revision: 2 });
    const same = await tenant.call('PATCH', path, { body: { language: 'nl' } });
    expect(same.body.data.revision).toBe(2);
    const detected = await tenant.call('PATCH', path, { body: { language: null } });
    expect(detected.body.data).toMatchObject({ language: 'en', revision: 3 });
  });

  it('is set as a change of its own, which pays for no vector', async ({ tenant, api }) => {
    const { body } = await tenant.call('POST', '/articles', { body: article });
    const sent = api.sent.length;
    const path = `/articles/${body.data.id}`;
    const set = await tenant.call('PATCH', path, { body: { language: 'de' } });
    expect(set.body.data).toMatchObject({ language: 'de', revision: 2 });
    expect(api.sent.length).toBe(sent);
  });

  it.for(['', 'xx', 'DE', 'german', 7, {}])(
    'is refused where there is none such: %s',
    async (language, { tenant }) => {
      const { status, body } = await tenant.call('POST', '/articles', { body: { ...article, language } });
      expect(status).toBe(422);
      expect(body.errors).toMatchObject([{ path: 'language' }]);
    },
  );
});
