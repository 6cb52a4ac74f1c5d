import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import { z } from 'zod';
import type { Actor } from '../../../src/domain/actor.ts';
import { createDispatch, type DispatchRequest } from '../../../src/platform/http/dispatch.ts';
import { problem } from '../../../src/platform/http/problem.ts';
import { type Route, type RouteRequest, reply, route } from '../../../src/platform/http/route.ts';
import { limit, text, uuid } from '../../../src/platform/http/schemas.ts';
import { createIdempotency } from '../../../src/platform/idempotency/idempotency.ts';
import { createLogger } from '../../../src/platform/telemetry/logging.ts';
import { factsOfDatabase } from '../../support/fixtures.ts';
import { insertTenant } from '../../support/tenant-row.ts';
import type { TestDatabase } from '../../support/test-database.ts';

// A second transport: messages in the process, with no server, no Express and no authentication.
const it = factsOfDatabase().extend('books', ({ db }) => openBooks(db));

describe('a message of another transport', () => {
  it('reaches the handler parsed by the route, and its reply comes back', async ({ books }) => {
    const { signal } = new AbortController();
    const answer = await books.send({
      ...{
        params: { id: books.shelf.toUpperCase() },
        query: { copies: '3' },
        headers: { 'if-match': '"1"' },
        signal,
      },
    });
    expect(answer).toEqual({
      kind: 'reply',
      status: 201,
      body: { data: { id: expect.any(String), title: 'A book' } },
    });
    expect(books.handled).toHaveLength(1);
    expect(books.handled[0]).toMatchObject({
      ...{ actor: books.actor, params: { id: books.shelf }, query: { copies: 3 }, body: { title: 'A book' } },
      ...{ headers: { 'if-match': '"1"' }, requestId: 'message 1' },
    });
    expect(books.handled[0]?.signal).toBe(signal);
  });

  it('is refused with every field that is invalid, and no handler runs', async ({ books }) => {
    const answer = await books.send({ query: { copies: '10' }, body: { title: '', colour: 'red' } });
    expect(answer).toMatchObject({ kind: 'problem', code: 'validation_failed' });
    expect(answer.kind === 'problem' && answer.errors?.map(({ path }) => path).sort()).toEqual([
      'colour',
      'copies',
      'title',
    ]);
    expect(books.handled).toEqual([]);
  });

  it('to a path that can name nothing finds nothing, whatever its body', async ({ books }) => {
    const answer = await books.send({ params: { id: 'no uuid' }, body: { title: '' } });
    expect(answer).toMatchObject({ kind: 'problem', code: 'not_found' });
    expect(books.handled).toEqual([]);
  });

  it('gets the problem that the handler returns', async ({ books }) => {
    const answer = await books.send({ body: { title: 'there' } });
    expect(answer).toEqual(problem('already_exists', 'It is on the shelf.'));
  });

  it('gets thrown what the handler throws', async ({ books }) => {
    await expect(books.send({ body: { title: 'broken' } })).rejects.toThrow('the shelf fell down');
  });
});

describe('a message with an Idempotency-Key', () => {
  it('that comes again gets the first reply again, and nothing is written twice', async ({ books }) => {
    const headers = { 'idempotency-key': randomUUID() };
    const before = await books.count();
    const first = await books.send({ headers });
    const again = await books.send({ headers });
    expect(first).toMatchObject({ kind: 'reply', status: 201 });
    expect(again).toEqual({ ...first, headers: { 'Idempotency-Replayed': 'true' } });
    expect(books.handled).toHaveLength(1);
    expect((await books.count()) - before).toBe(1);
  });

  it.for([
    ['body', { body: { title: 'Another book' } }],
    ['path', { path: `/api/v1/shelves/${randomUUID()}/books` }],
    ['method', { method: 'PATCH' }],
  ] as const)('of another %s is refused', async ([_what, other], { books }) => {
    const headers = { 'idempotency-key': randomUUID() };
    await books.send({ headers });
    expect(await books.send({ headers, ...other })).toMatchObject({
      kind: 'problem',
      code: 'idempotency_key_reused',
    });
    expect(books.handled).toHaveLength(1);
  });

  it('that is malformed is refused before the handler', async ({ books }) => {
    const answer = await books.send({ headers: { 'idempotency-key': 'ü' } });
    expect(answer).toMatchObject({ kind: 'problem', code: 'validation_failed' });
    expect(books.handled).toEqual([]);
  });
});

describe('a reply that breaks the response contract', () => {
  it('is thrown and logged where replies are verified', async ({ books }) => {
    await expect(books.send({ body: { title: 'more' } })).rejects.toThrow(
      'answered what it does not declare',
    );
    expect(books.logged.join('')).toContain('body.data.pages: not in the schema');
  });

  it('goes out where they are not', async ({ books }) => {
    expect(await books.send({ body: { title: 'more' } }, false)).toMatchObject({
      kind: 'reply',
      status: 201,
    });
  });
});

/** A route that puts books on a shelf, and a way to send it messages. */
async function openBooks(db: TestDatabase) {
  const tenantId = await insertTenant(db);
  const actor: Actor = { tenantId, keyId: null, label: 'an agent', role: 'agent' };
  const shelf = randomUUID();
  const handled: RouteRequest<unknown, unknown, unknown>[] = [];
  const logged: string[] = [];

  const view = z.object({ id: z.string(), title: z.string() });
  const putBook: Route = route({
    method: 'post',
    path: '/shelves/:id/books',
    role: 'agent',
    tag: 'books',
    summary: 'Put a book on a shelf',
    params: z.object({ id: uuid }),
    query: z.object({ copies: limit({ default: 2, max: 9 }) }),
    body: z.object({ title: text({ max: 20 }) }),
    idempotent: true,
    replies: { 201: { description: 'The book', schema: z.object({ data: view }) } },
    problems: ['already_exists'],
    async handle(request) {
      handled.push(request);
      const { body, once } = request;
      if (body.title === 'there') return problem('already_exists', 'It is on the shelf.');
      if (body.title === 'broken') throw new Error('the shelf fell down');
      const present = (id: string) =>
        reply(201, { data: { id, title: body.title, ...(body.title === 'more' ? { pages: 1 } : {}) } });
      return db.database.withTenant(request.actor.tenantId, async (tx) => {
        const id = randomUUID();
        await tx('audit_log').insert({
          ...{ tenant_id: tenantId, actor_label: 'test', actor_role: 'agent' },
          ...{ action: 'book.put', subject_kind: 'book', subject_id: id },
        });
        await once(present)?.(tx, id);
        return present(id);
      });
    },
  });

  function send(message: Partial<DispatchRequest>, verifyReplies = true) {
    const dispatch = createDispatch({
      idempotency: createIdempotency({ database: db.database }),
      log: createLogger({
        level: 'info',
        process: 'test',
        destination: { write: (line: string) => void logged.push(line) },
      }),
      verifyReplies,
    });
    return dispatch(putBook, {
      actor,
      params: { id: shelf },
      query: {},
      body: { title: 'A book' },
      headers: {},
      requestId: 'message 1',
      signal: new AbortController().signal,
      method: 'POST',
      path: `/api/v1/shelves/${shelf}/books`,
      ...message,
    });
  }

  const count = async (): Promise<number> => {
    const rows = await db.rawAsOwner(`select 1 from audit_log where action = 'book.put'`);
    return rows.length;
  };

  return { actor, shelf, handled, logged, send, count };
}
