import { describe, expect } from 'vitest';
import { failureTraits, isFailureCode } from '../../../src/domain/failures.ts';
import { encodeCursor } from '../../../src/platform/http/cursor.ts';
import { problemCodes, problemMembers } from '../../../src/platform/http/problem.ts';
import { adminApiKey, keyOf, noteId, startTinyApp, type TinyApp, tenantId } from '../../support/tiny-app.ts';
import { factsOfTinyApp } from '../../support/tiny-app-facts.ts';

const it = factsOfTinyApp();
const agent = keyOf('agent');
const orchestrator = keyOf('orchestrator');

describe('an answer', () => {
  it('carries the reply of the handler with its headers', async ({ app }) => {
    const answer = await app.call('GET', `/notes/${noteId.toUpperCase()}`, { key: agent });
    expect(answer).toMatchObject({ status: 200, body: { data: { id: noteId, title: 'a note' } } });
    expect(answer.headers.get('etag')).toBe('"1"');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('is never a 304, which no route declares', async ({ app }) => {
    const answer = await app.call('GET', `/notes/${noteId}`, {
      key: agent,
      headers: { 'if-none-match': '"1"' },
    });
    expect(answer.status).toBe(200);
  });

  it('has no body at 204', async ({ app }) => {
    const answer = await app.call('DELETE', `/notes/${noteId}`, { key: keyOf('user') });
    expect(answer).toMatchObject({ status: 204, body: undefined });
  });

  it('repeats a sane request id and replaces another', async ({ app }) => {
    const sane = await app.call('GET', '/nowhere', { headers: { 'x-request-id': 'trace-7/a' } });
    const odd = await app.call('GET', '/nowhere', { headers: { 'x-request-id': 'a "quoted" id' } });
    expect(sane.headers.get('x-request-id')).toBe('trace-7/a');
    expect(odd.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('is RFC 9457 when it is a failure', async ({ app }) => {
    const answer = await app.call('GET', '/notes?limit=0', { key: agent });
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.body).toEqual({
      type: '/problems/validation_failed',
      title: 'The request is not valid',
      status: 422,
      detail: 'limit: must be a whole number from 1 to 20',
      instance: '/api/v1/notes',
      code: 'validation_failed',
      errors: [{ path: 'limit', message: 'must be a whole number from 1 to 20' }],
    });
  });
});

describe('the type of a problem', () => {
  it('leads to a page that explains its code, and to no other', async ({ app }) => {
    for (const code of problemCodes) {
      const page = await fetch(new URL(problemMembers(code).type, app.url));
      expect([code, page.status, page.headers.get('content-type')]).toEqual([
        code,
        200,
        'text/html; charset=utf-8',
      ]);
      const text = await page.text();
      expect(text).toContain(`<h1><code>${code}</code></h1>`);
      if (isFailureCode(code)) expect(text).toContain('What to do');
    }
    expect((await fetch(`${app.url}/problems/no_such_code`)).status).toBe(404);
    expect((await fetch(`${app.url}/problems/__proto__`)).status).toBe(404);
    const forbidden = await (await fetch(`${app.url}/problems/address_forbidden`)).text();
    for (const word of ['PROVIDER_URLS', 'listed', 'http and private addresses'])
      expect(forbidden).toContain(word);
    const list = await (await fetch(`${app.url}/problems`)).text();
    for (const code of problemCodes) expect(list).toContain(`href="/problems/${code}"`);
  });
});

describe('admission', () => {
  it('asks for a key with 401 and a Bearer challenge', async ({ app }) => {
    for (const headers of [{}, { authorization: 'Bearer lk_unknown' }, { authorization: 'Basic bGs6eA==' }]) {
      const answer = await app.call('GET', '/notes', { headers });
      expect(answer.body).toEqual(problemOf(401, 'unauthorized'));
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer /);
    }
  });

  it('refuses a role that is too low', async ({ app }) => {
    const answer = await app.call('POST', '/notes', { key: agent, json: { title: 'x' } });
    expect(answer.body).toEqual(problemOf(403, 'forbidden'));
  });

  it('lets the superadmin into its own routes and into no tenant route', async ({ app }) => {
    const own = await app.call('POST', '/admin/things', { key: adminApiKey });
    expect(own).toMatchObject({ status: 200, body: { data: '00000000-0000-0000-0000-000000000000' } });
    const tenants = await app.call('GET', '/notes', { key: adminApiKey });
    expect(tenants.body).toMatchObject({
      ...{ code: 'forbidden', title: 'The API key may not do this' },
      detail: expect.stringContaining('no tenant'),
    });
  });

  it('refuses a key before it reads the body', async ({ app }) => {
    const answer = await app.call('POST', '/notes', {
      raw: '{',
      headers: { 'content-type': 'application/json' },
    });
    expect(answer.status).toBe(401);
  });
});

describe('routing', () => {
  it('answers 404 for a path that is none, inside and outside of the API', async ({ app }) => {
    expect((await app.call('GET', '/nowhere', { key: agent })).body).toEqual(problemOf(404, 'not_found'));
    const outside = await fetch(`${app.url}/elsewhere`);
    expect(await outside.json()).toEqual(problemOf(404, 'not_found'));
  });

  it('answers 405 with Allow for a method that the path does not take', async ({ app }) => {
    const answer = await app.call('PUT', `/notes/${noteId}`, { key: agent });
    expect(answer.body).toEqual(problemOf(405, 'method_not_allowed'));
    expect(answer.headers.get('allow')).toBe('GET, HEAD, DELETE');
  });

  it.for(['7', 'not-a-uuid', '%00', "'; drop table notes"])(
    'answers 404 for the id %s',
    async (id, { app }) => {
      const answer = await app.call('GET', `/notes/${id === '%00' ? id : encodeURIComponent(id)}`, {
        key: agent,
      });
      expect(answer.body).toEqual(problemOf(404, 'not_found'));
    },
  );

  it('answers 400 for a path with a broken percent-encoding', async ({ app }) => {
    const answer = await app.call('GET', '/notes/%E0%A4%A', { key: agent });
    expect(answer.body).toEqual(problemOf(400, 'malformed_request'));
  });
});

describe('a body', () => {
  const asJson = { 'content-type': 'application/json' };

  it('is refused when it is not JSON, without being quoted', async ({ app }) => {
    const answer = await post(app, { raw: '{"title": sk-canary', headers: asJson });
    expect(answer.body).toEqual(problemOf(400, 'malformed_json'));
    expect(JSON.stringify(answer.body)).not.toContain('canary');
  });

  it('is refused when it is not UTF-8', async ({ app }) => {
    const answer = await post(app, { raw: Buffer.from('{"title":"\xff"}', 'latin1'), headers: asJson });
    expect(answer.body).toEqual(problemOf(400, 'malformed_json'));
  });

  it('is refused above 2 MB', async ({ app }) => {
    const answer = await post(app, { json: { title: 'x'.repeat(2_200_000) } });
    expect(answer.body).toEqual(problemOf(413, 'body_too_large'));
  });

  it('is refused with another media type, or with none', async ({ app }) => {
    const form = await post(app, {
      raw: 'title=x',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    const none = await post(app, { raw: new TextEncoder().encode('{"title":"x"}') });
    expect(form.body).toEqual(problemOf(415, 'unsupported_media_type'));
    expect(none.body).toEqual(problemOf(415, 'unsupported_media_type'));
  });

  it('is refused with every wrong field named', async ({ app }) => {
    const answer = await post(app, {
      json: { title: '', extra: 1, parts: [{ name: 'ok' }, { name: 'too long', x: 1 }] },
    });
    expect(answer.body).toMatchObject({
      code: 'validation_failed',
      errors: expect.arrayContaining([
        { path: 'title', message: 'must not be empty' },
        { path: 'extra', message: 'is not a known field' },
        { path: 'parts[1].name', message: 'must have at most 5 characters' },
        { path: 'parts[1].x', message: 'is not a known field' },
      ]),
    });
  });

  it.for(['sk-proj-0123456789abcdef', '0123456789abcdef0123456789abcdef'])(
    'is refused without a word of a key in the place of a field’s name',
    async (key, { app }) => {
      const answer = await post(app, { json: { title: 'x', [key]: 1 } });
      expect(answer.body).toMatchObject({ status: 422, errors: [{ path: '' }] });
      expect(JSON.stringify(answer.body)).not.toContain(key.slice(-8));
    },
  );

  it('is refused when it is absent or no object', async ({ app }) => {
    for (const options of [{}, { raw: '"text"', headers: asJson }, { raw: 'null', headers: asJson }]) {
      expect((await post(app, options)).body).toEqual(problemOf(422, 'validation_failed'));
    }
  });

  it.for<[string, object, string]>([
    ['NUL in a text', { title: 'a\u0000b' }, 'title'],
    ['NUL deep inside', { title: 'x', metadata: { a: ['\u0000'] } }, 'metadata.a[0]'],
    ['NUL in a name', { title: 'x', metadata: { 'a\u0000': 1 } }, 'metadata'],
    ['another control character', { title: 'a\u001bb' }, 'title'],
    ['half a surrogate pair', { title: 'a\ud83d' }, 'title'],
    ['half a surrogate pair deep inside', { title: 'x', metadata: { a: '\ude00' } }, 'metadata.a'],
  ])('is 422 with %s', async ([_, json, path], { app }) => {
    expect((await post(app, { json })).body).toMatchObject({ status: 422, errors: [{ path }] });
  });

  it.for<[string, (key: string) => object]>([
    ['as a name of the body', (key) => ({ title: 'x', [key]: 1 })],
    ['as a name in a part', (key) => ({ title: 'x', parts: [{ name: 'ok', [key]: 1 }] })],
    ['above a NUL', (key) => ({ title: 'x', metadata: { [key]: '\u0000' } })],
    ['above a list with a NUL', (key) => ({ title: 'x', metadata: { a: [{ [key]: ['\u0000'] }] } })],
    ['above half a surrogate pair', (key) => ({ title: 'x', metadata: { [key]: { a: '\ud83d' } } })],
    ['in a name with a NUL', (key) => ({ title: 'x', metadata: { [`${key}\u0000`]: 1 } })],
    ['above too many levels', (key) => ({ title: 'x', metadata: { [key]: nested(40) } })],
  ])('does not come back where a key was pasted %s', async ([_, json], { app }) => {
    const answer = await post(app, { json: json('sk-proj-canary-0123456789abcdef') });
    expect(answer.status).toBe(422);
    expect(JSON.stringify(answer.body)).not.toContain('canary');
  });

  it('is 422 when it is nested deeper than anyone needs, however deep', async ({ app }) => {
    for (const depth of [40, 200_000]) {
      const raw = `{"title":"x","metadata":{"a":${'['.repeat(depth)}${']'.repeat(depth)}}}`;
      const answer = await post(app, { raw, headers: asJson });
      expect(answer.body).toMatchObject({ status: 422, detail: expect.stringContaining('nested deeper') });
    }
  });

  it('is 422 with the first of thousands of wrong fields, and the number of the rest', async ({ app }) => {
    const fields = Object.fromEntries(Array.from({ length: 9_000 }, (_, i) => [`a${i}`, 1]));
    const answer = await post(app, { json: { title: 'x', ...fields } });
    expect(answer.body).toMatchObject({
      status: 422,
      detail: expect.stringContaining('and 8999 more; the first 20 are listed'),
      errors: Array.from({ length: 20 }, () => ({ message: 'is not a known field' })),
    });
  });

  it.for<[string, string, string]>([
    ['150,000 unknown fields', `{${Array.from({ length: 150_000 }, (_, i) => `"a${i}":1`).join()}}`, ''],
    ['650,000 empty texts', `{"title":"x","parts":[${Array(650_000).fill('""').join()}]}`, 'parts'],
    ['990,000 numbers', `{"title":"x","metadata":{"a":[${Array(990_000).fill('1').join()}]}}`, 'metadata.a'],
  ])('is 422 with %s, in one sentence', async ([_what, raw, path], { app }) => {
    const answer = await post(app, { raw, headers: asJson });
    expect(answer.body).toMatchObject({
      status: 422,
      errors: [{ path, message: expect.stringMatching(/at most [\d,]+ (fields|entries)/) }],
    });
  });

  it.for<[string, string, string]>([
    [
      'a number beyond what JavaScript holds',
      '{"title":"x","metadata":{"a":[12345678901234567890]}}',
      'metadata.a[0]',
    ],
    ['a number that is infinite', '{"title":"x","metadata":{"a":1e400}}', 'metadata.a'],
    ['a field twice', '{"title":"x","title":"y"}', 'title'],
    ['__proto__', '{"title":"x","metadata":{"__proto__":{"a":1}}}', 'metadata'],
  ])('is 422 with what would be lost: %s', async ([_what, raw, path], { app }) => {
    const answer = await post(app, { raw, headers: asJson });
    expect(answer.body).toMatchObject({ status: 422, errors: [{ path }] });
  });

  it.for(['utf-16le', 'iso-8859-1', 'utf-7'])(
    'is refused in the character set %s',
    async (charset, { app }) => {
      const raw = Buffer.from('{"title":"x"}', charset === 'utf-16le' ? 'utf16le' : 'latin1');
      const answer = await post(app, {
        raw,
        headers: { 'content-type': `application/json; charset=${charset}` },
      });
      expect(answer.body).toEqual(problemOf(415, 'unsupported_media_type'));
    },
  );

  it('is taken with the byte order mark of a careless editor, and in UTF-8 by any name', async ({ app }) => {
    for (const type of [
      'application/json',
      'application/json; charset=UTF-8',
      'application/json;charset="utf-8"',
    ]) {
      const answer = await post(app, { raw: '\ufeff{"title":"x"}', headers: { 'content-type': type } });
      expect(answer.status).toBe(201);
    }
  });

  it('counts an emoji as one character', async ({ app }) => {
    expect((await post(app, { json: { title: '🦉'.repeat(20) } })).status).toBe(201);
    expect((await post(app, { json: { title: '🦉'.repeat(21) } })).status).toBe(422);
  });
});

describe('a query', () => {
  it('is parsed to the types of its schema', async ({ app }) => {
    const answer = await get(app, `limit=5&tags=a,b&cursor=${encodeCursor({ after: 'x' })}`);
    expect(answer.body).toEqual({ data: { limit: 5, tags: ['a', 'b'], cursor: { after: 'x' } } });
    expect((await get(app, 'tags=a&tags=b')).body).toEqual({ data: { limit: 20, tags: ['a', 'b'] } });
  });

  it.for<[string, string]>([
    ['limit=abc', 'limit'],
    ['limit=', 'limit'],
    ['limit=1.5', 'limit'],
    ['limit=1&limit=2', 'limit'],
    ['limit=0x10', 'limit'],
    ['limit=1e1', 'limit'],
    ['limit=%2010', 'limit'],
    ['limit=10%20', 'limit'],
    ['limit=+10', 'limit'],
    ['limit=010', 'limit'],
    ['limit=-1', 'limit'],
    ['limit=1.0', 'limit'],
    ['limit=%EF%BC%91', 'limit'],
    ['limit=12345678901234567890', 'limit'],
    ['cursor=%F0%9F', 'cursor'],
    ['cursor=bm90IGpzb24', 'cursor'],
    [`cursor=${encodeCursor({ before: 1 })}`, 'cursor'],
    ['tags=a%00', 'tags'],
    ['unknown=1', 'unknown'],
  ])('is 422 for %s', async ([query, path], { app }) => {
    expect((await get(app, query)).body).toMatchObject({
      status: 422,
      code: 'validation_failed',
      errors: [{ path }],
    });
  });
});

describe('a query of thousands of parameters', () => {
  it('is read to its end', async ({ app }) => {
    const { body } = await app.call('GET', `/notes?${'&'.repeat(1_500)}limit=abc`, { key: agent });
    expect(body).toMatchObject({ status: 422, errors: [{ path: 'limit' }] });
  });

  it('is 422, and the first wrong ones are named', async ({ app }) => {
    const query = Array.from({ length: 2_000 }, (_, i) => `p${i}=`).join('&');
    const { body } = await app.call('GET', `/notes?${query}`, { key: agent });
    expect(body).toMatchObject({ status: 422, detail: expect.stringContaining('and 1999 more') });
    expect(Object(body).errors).toHaveLength(20);
  });
});

describe('a secret that was pasted into the path', () => {
  const secret = 'sk-canary-pasted-by-mistake';

  it.for<[string, string, string]>([
    ['GET', `/notes/${secret}`, '/api/v1/notes/*'],
    ['GET', `/${secret}`, '/api/v1/*'],
    ['GET', `/notes/${secret}/notes/12`, '/api/v1/notes/*/notes/12'],
    ['PUT', `/notes/${secret}`, '/api/v1/notes/*'],
    ['GET', `/notes/%73k-canary`, '/api/v1/notes/*'],
    ['GET', `/notes/%E0%A4%A${secret}`, '/api/v1/notes/*'],
    ['DELETE', `/notes/${noteId}`, `/api/v1/notes/${noteId}`],
  ])(
    'does not come back, and is in no log and no metric: %s %s',
    async ([method, path, instance], { app }) => {
      const answer = await app.call(method, path, { key: agent });
      expect(answer.body).toMatchObject({ instance });
      expect(JSON.stringify(answer.body)).not.toMatch(/canary/);
      expect(app.logged()).not.toMatch(/canary-pasted/);
      expect(await (await fetch(`${app.url}/metrics`)).text()).not.toMatch(/canary/);
    },
  );

  it('does not come back outside of the API either', async ({ app }) => {
    const answer = await fetch(`${app.url}/${secret}?${secret}`);
    expect(await answer.json()).toMatchObject({ status: 404, instance: '/*' });
  });
});

describe('anything thrown', () => {
  it('is 500 with a fixed sentence, and logged without its message', async ({ app }) => {
    const answer = await app.call('POST', '/broken', { key: agent, headers: { 'x-request-id': 'broken-1' } });
    expect(answer.body).toEqual(problemOf(500, 'internal'));
    expect(answer.body).toMatchObject({ who: 'operator', next_step: failureTraits.internal.nextStep });
    for (const text of [JSON.stringify(answer.body), app.logged()]) {
      expect(text).not.toMatch(/secret_table|canary/);
    }
    expect(app.logged()).toContain(
      `"request_id":"broken-1","tenant_id":"${tenantId}","error":{"type":"Error"`,
    );
  });
});

describe('an undeclared answer', () => {
  it.for(['status', 'code', 'field', 'type', 'header', 'no header'])(
    'fails by its %s where replies are verified',
    async (what, { app }) => {
      expect(
        (await app.call('GET', `/undeclared?${new URLSearchParams({ what })}`, { key: agent })).status,
      ).toBe(500);
    },
  );

  it('passes where they are not', async () => {
    const unverified = await startTinyApp({ verifyReplies: false });
    const answer = await unverified.call('GET', '/undeclared?what=status', { key: agent });
    await unverified.close();
    expect(answer.status).toBe(202);
  });
});

describe('rate limits', () => {
  it('hold one key back with 429 and Retry-After, and leave another alone', async () => {
    const limited = await startTinyApp({ rateLimits: { requestsPerMinute: 2, refusedKeysPerMinute: 100 } });
    const answers = [];
    for (let count = 0; count < 3; count += 1)
      answers.push(await limited.call('GET', '/notes', { key: agent }));
    const other = await limited.call('GET', '/notes', { key: keyOf('other') });
    await limited.close();
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(answers.map(({ headers }) => headers.get('ratelimit-remaining'))).toEqual(['1', '0', '0']);
    expect(answers[2]?.body).toEqual(problemOf(429, 'rate_limited'));
    expect(Number(answers[2]?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(other.status).toBe(200);
  });

  it('hold back an address that guesses keys, but never a valid key from it', async () => {
    const limited = await startTinyApp({ rateLimits: { requestsPerMinute: 100, refusedKeysPerMinute: 1 } });
    const guesses = [
      await limited.call('GET', '/notes', { key: 'lk_guess1' }),
      await limited.call('GET', '/notes', { key: 'lk_guess2' }),
    ];
    const valid = await limited.call('GET', '/notes', { key: agent });
    await limited.close();
    expect(guesses.map(({ status }) => status)).toEqual([401, 429]);
    expect(valid.status).toBe(200);
  });
});

describe('the log', () => {
  it('has one line a request, with ids and the pattern, without the key or the path', async () => {
    const logging = await startTinyApp();
    await logging.call('GET', `/notes/${noteId}?secret=1`, {
      key: agent,
      headers: { 'x-request-id': 'line-1' },
    });
    await logging.close();
    const lines = logging
      .logged()
      .split('\n')
      .filter((line) => line.includes('line-1'))
      .map((line): unknown => JSON.parse(line));
    expect(lines).toEqual([
      expect.objectContaining({
        method: 'GET',
        route: '/notes/:id',
        status: 200,
        tenant_id: tenantId,
        key_id: 'key-lk_agent',
        ms: expect.any(Number),
      }),
    ]);
    expect(logging.logged()).not.toMatch(new RegExp(`Bearer|secret=|${noteId}`));
  });
});

describe('what operators look at', () => {
  it('says that the process is alive', async ({ app }) => {
    expect(await (await fetch(`${app.url}/healthz`)).json()).toEqual({ status: 'ok' });
  });

  it('is ready while only optional dependencies are away, and says what degrades', async () => {
    const up = { name: 'postgres', degrades: 'everything', required: true, check: async () => true };
    const throwing = {
      name: 'vault',
      degrades: 'keys cannot be set',
      required: false,
      check: () => Promise.reject(new Error('no')),
    };
    const degraded = await startTinyApp({ dependencies: [up, throwing] });
    const answer = await fetch(`${degraded.url}/readyz`);
    await degraded.close();
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({
      status: 'degraded',
      dependencies: [
        { name: 'postgres', required: true, ok: true },
        { name: 'vault', required: false, ok: false, degrades: 'keys cannot be set' },
      ],
      provider_failures: [],
    });
  });

  it('shows how connections to providers have failed lately, and is ready all the same', async () => {
    const failure = {
      provider: 'embedding',
      addresses: 'default',
      cause: 'unknown_authority',
      count: 3,
    } as const;
    const lastAt = new Date('2026-01-02T03:04:05.678Z');
    const app = await startTinyApp({ recentFailures: () => [{ ...failure, lastAt }] });
    const answer = await fetch(`${app.url}/readyz`);
    await app.close();
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({
      provider_failures: [{ ...failure, last_at: '2026-01-02T03:04:05.678Z' }],
    });
  });

  it('is not ready, within a bounded time, when a required dependency hangs', async () => {
    const hanging = {
      name: 'postgres',
      degrades: 'everything',
      required: true,
      check: () => new Promise<boolean>(() => undefined),
    };
    const stuck = await startTinyApp({ dependencies: [hanging] });
    const answer = await fetch(`${stuck.url}/readyz`);
    await stuck.close();
    expect(answer.status).toBe(503);
  });

  it('counts requests by the pattern of the route', async ({ app }) => {
    await app.call('GET', `/notes/${noteId}`, { key: agent });
    const text = await (await fetch(`${app.url}/metrics`)).text();
    expect(text).toContain(
      'lorekeep_http_request_duration_seconds_count{method="GET",route="/notes/:id",status="200"}',
    );
    expect(text).not.toContain(noteId);
  });
});

function problemOf(status: number, code: string) {
  return expect.objectContaining({ status, code });
}

function nested(depth: number): unknown {
  return depth === 0 ? 1 : { a: nested(depth - 1) };
}

function post(
  app: TinyApp,
  options: { json?: unknown; raw?: string | Uint8Array; headers?: Record<string, string> },
) {
  return app.call('POST', '/notes', { key: orchestrator, ...options });
}

function get(app: TinyApp, query: string) {
  return app.call('GET', `/notes?${query}`, { key: agent });
}
