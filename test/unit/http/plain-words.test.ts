import { describe, expect } from 'vitest';
import { keyOf } from '../../support/tiny-app.ts';
import { factsOfTinyApp } from '../../support/tiny-app-facts.ts';

const it = factsOfTinyApp();

describe('a refusal', () => {
  it('says that a field is required, and of which type it is', async ({ app }) => {
    const errorsOf = async (json: unknown) =>
      (await app.call('POST', '/notes', { key: keyOf('orchestrator'), json })).body;
    const one = (path: string, message: string) => ({ errors: [{ path, message }] });
    expect(await errorsOf({})).toMatchObject(one('title', 'is required'));
    expect(await errorsOf({ title: 7 })).toMatchObject(one('title', 'must be a text'));
    expect(await errorsOf([])).toMatchObject(one('', 'must be an object'));
  });

  it('says of an id that no row can have that there is nothing with this id', async ({ app }) => {
    const answer = await app.call('GET', '/notes/7', { key: keyOf('agent') });
    expect(answer.body).toMatchObject({ status: 404, detail: 'There is no note with this id.' });
  });

  it.for(['Basic bGtfYWdlbnQ6', 'Digest x', 'lk_agent'])(
    'names the scheme that is needed to one who sends %s',
    async (authorization, { app }) => {
      const answer = await app.call('GET', '/notes', { headers: { authorization } });
      expect(answer.body).toMatchObject({ status: 401, detail: expect.stringContaining('Bearer lk_…') });
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="lorekeep"');
    },
  );

  it('promises no role above the highest', async ({ app }) => {
    const detail = 'This call needs the role superadmin; the key has the role user.';
    const refused = await app.call('POST', '/admin/things', { key: keyOf('user'), json: {} });
    expect(refused.body).toMatchObject({ status: 403, detail });
  });
});
