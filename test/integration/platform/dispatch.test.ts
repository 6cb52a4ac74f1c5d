import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Actor } from '../../../src/domain/actor.ts';
import { createDispatch, type DispatchRequest } from '../../../src/platform/http/dispatch.ts';
import { problem } from '../../../src/platform/http/problem.ts';
import { type Route, type RouteRequest, reply, route } from '../../../src/platform/http/route.ts';
import { limit, text, uuid } from '../../../src/platform/http/schemas.ts';
import { createIdempotency } from '../../../src/platform/idempotency/idempotency.ts';
import { createLogger } from '../../../src/platform/telemetry/logging.ts';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts';

// A second transport: messages in the process, with no server, no Express and no authentication.
let db: TestDatabase;
let handled: RouteRequest<unknown, unknown, unknown>[] = [];
const logged: string[] = [];

beforeAll(async () => {
  db = await createTestDatabase();
  await db.database.withTenant(tenantId, (tx) =>
    tx('tenants').insert({ id: tenantId, slug: `t-${tenantId}`, name: 'Tenant' }),
  );
});
afterAll(() => db.drop());
beforeEach(() => {
  handled = [];
});

const tenantId = randomUUID();
const actor: Actor = { tenantId, keyId: null, label: 'an agent', role: 'agent' };
const shelf = randomUUID();

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
      await once(present)(tx, id);
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

const booksPut = async (): Promise<number> => {
  const rows = await db.rawAsOwner(`select 1 from audit_log where action = 'book.put'`);
  return rows.length;
};

describe('a message of another transport', () => {
  it('reaches the handler parsed by the route, and its reply comes back', async () => {
    const { signal } = new AbortController();
    const answer = await send({
      ...{
        params: { id: shelf.toUpperCase() },
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
    expect(handled).toHaveLength(1);
    expect(handled[0]).toMatchObject({
      ...{ actor, params: { id: shelf }, query: { copies: 3 }, body: { title: 'A book' } },
      ...{ headers: { 'if-match': '"1"' }, requestId: 'message 1' },
    });
    expect(handled[0]?.signal).toBe(signal);
  });

  it('is refused with every field that is invalid, and no handler runs', async () => {
    const answer = await send({ query: { copies: '10' }, body: { title: '', colour: 'red' } });
    expect(answer).toMatchObject({ kind: 'problem', code: 'validation_failed' });
    expect(answer.kind === 'problem' && answer.errors?.map(({ path }) => path).sort()).toEqual([
      'colour',
      'copies',
      'title',
    ]);
    expect(handled).toEqual([]);
  });

  it('to a path that can name nothing finds nothing, whatever its body', async () => {
    const answer = await send({ params: { id: 'no uuid' }, body: { title: '' } });
    expect(answer).toMatchObject({ kind: 'problem', code: 'not_found' });
    expect(handled).toEqual([]);
  });

  it('gets the problem that the handler returns', async () => {
    const answer = await send({ body: { title: 'there' } });
    expect(answer).toEqual(problem('already_exists', 'It is on the shelf.'));
  });

  it('gets thrown what the handler throws', async () => {
    await expect(send({ body: { title: 'broken' } })).rejects.toThrow('the shelf fell down');
  });
});

describe('a message with an Idempotency-Key', () => {
  it('that comes again gets the first reply again, and nothing is written twice', async () => {
    const headers = { 'idempotency-key': randomUUID() };
    const before = await booksPut();
    const first = await send({ headers });
    const again = await send({ headers });
    expect(first).toMatchObject({ kind: 'reply', status: 201 });
    expect(again).toEqual({ ...first, headers: { 'Idempotency-Replayed': 'true' } });
    expect(handled).toHaveLength(1);
    expect((await booksPut()) - before).toBe(1);
  });

  it.each([
    ['body', { body: { title: 'Another book' } }],
    ['path', { path: `/api/v1/shelves/${randomUUID()}/books` }],
    ['method', { method: 'PATCH' }],
  ])('of another %s is refused', async (_what, other) => {
    const headers = { 'idempotency-key': randomUUID() };
    await send({ headers });
    expect(await send({ headers, ...other })).toMatchObject({
      kind: 'problem',
      code: 'idempotency_key_reused',
    });
    expect(handled).toHaveLength(1);
  });

  it('that is malformed is refused before the handler', async () => {
    const answer = await send({ headers: { 'idempotency-key': 'ü' } });
    expect(answer).toMatchObject({ kind: 'problem', code: 'validation_failed' });
    expect(handled).toEqual([]);
  });
});

describe('a reply that breaks the response contract', () => {
  it('is thrown and logged where replies are verified', async () => {
    await expect(send({ body: { title: 'more' } })).rejects.toThrow('answered what it does not declare');
    expect(logged.join('')).toContain('body.data.pages: not in the schema');
  });

  it('goes out where they are not', async () => {
    expect(await send({ body: { title: 'more' } }, false)).toMatchObject({ kind: 'reply', status: 201 });
  });
});
