import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { problem } from '../../../src/platform/http/problem.ts';
import { type Route, reply, route } from '../../../src/platform/http/route.ts';
import { text } from '../../../src/platform/http/schemas.ts';
import { createIdempotency } from '../../../src/platform/idempotency/idempotency.ts';
import type { Database, Transaction } from '../../../src/platform/postgres/database.ts';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts';
import {
  adminApiKey,
  keyOf,
  otherTenantId,
  startTinyApp,
  type TinyApp,
  tenantId,
  tinyRoutes,
} from '../../support/tiny-app.ts';

let db: TestDatabase;
let app: TinyApp;
/** Holds the writes back until so many have begun. */
let meeting = { size: 1, arrived: 0, open: () => undefined as undefined, opened: Promise.resolve() };

function meetingOf(size: number): void {
  let open = (): undefined => undefined;
  const opened = new Promise<void>((resolve) => {
    open = () => void resolve();
  });
  meeting = { size, arrived: 0, open, opened };
}

/** Routes that write an audit row, so that a test can count how often they really did. */
function writingRoutes(database: Database): Route[] {
  const data = z.object({ id: z.string(), title: z.string(), key: z.string().nullable() });
  const write = (
    tenant: string,
    title: string,
    step: (tx: Transaction, id: string) => Promise<void>,
    within = database.withTenant,
  ) =>
    within(tenant, async (tx) => {
      meeting.arrived += 1;
      if (meeting.arrived >= meeting.size) meeting.open();
      await meeting.opened;
      const id = randomUUID();
      await tx('audit_log').insert({
        tenant_id: tenant,
        actor_label: 'test',
        actor_role: 'agent',
        action: 'written',
        subject_kind: 'thing',
        subject_id: title,
      });
      await step(tx, id);
      return id;
    });
  return [
    route({
      method: 'post',
      path: '/things',
      role: 'agent',
      tag: 'things',
      summary: 'Write a thing',
      body: z.object({
        title: text({ max: 100 }),
        idempotency_key: z.string().optional(),
        note: z.unknown().optional(),
      }),
      idempotent: true,
      secretFields: ['data.key'],
      replies: {
        201: { description: 'The thing', schema: z.object({ data }), headers: { Location: 'Its path' } },
      },
      problems: ['already_exists'],
      async handle({ actor, body, once }) {
        if (body.title === 'refused') return problem('already_exists', 'No.');
        const present = (id: string) =>
          reply(
            201,
            { data: { id, title: body.title, key: 'lk_shown-once' } },
            { Location: `/things/${id}` },
          );
        return present(
          await write(actor.tenantId, body.title, async (tx, id) => {
            await once(present)(tx, id);
            if (body.title === 'crash') throw new Error('crashed before the commit');
          }),
        );
      },
    }),
    route({
      method: 'post',
      path: '/unique-things',
      role: 'agent',
      tag: 'things',
      summary: 'Write a thing that there may be once',
      body: z.object({ title: text({ max: 100 }) }),
      idempotent: true,
      replies: { 201: { description: 'The thing', schema: z.object({ data: z.string() }) } },
      problems: ['already_exists'],
      async handle({ actor, body, once }) {
        const present = (id: string) => reply(201, { data: id });
        const taken = new Error('taken');
        try {
          return present(
            await write(actor.tenantId, body.title, async (tx, id) => {
              await tx.raw('select pg_advisory_xact_lock(7)');
              const found: unknown[] = await tx('audit_log').where({ subject_id: body.title }).select('id');
              if (found.length > 1) throw taken;
              await once(present)(tx, id);
            }),
          );
        } catch (error) {
          if (error === taken) return problem('already_exists', 'There is one.');
          throw error;
        }
      },
    }),
    route({
      method: 'post',
      path: '/answers',
      role: 'agent',
      tag: 'things',
      summary: 'Answers without a write of its own',
      idempotent: true,
      replies: { 200: { description: 'A number', schema: z.object({ data: z.string() }) } },
      problems: [],
      handle: async () => reply(200, { data: randomUUID() }),
    }),
    route({
      method: 'post',
      path: '/admin/things',
      role: 'superadmin',
      tag: 'things',
      summary: 'Writes in a tenant, for the superadmin',
      idempotent: true,
      replies: { 201: { description: 'The thing', schema: z.object({ data: z.string() }) } },
      problems: [],
      async handle({ once }) {
        const present = (id: string) => reply(201, { data: id });
        return present(await write(tenantId, 'by the superadmin', once(present), database.withTenantAsAdmin));
      },
    }),
  ];
}

beforeAll(async () => {
  db = await createTestDatabase();
  for (const [id, slug] of [
    [tenantId, 'one'],
    [otherTenantId, 'other'],
  ] as const) {
    await db.database.withTenant(id, (tx) =>
      tx('tenants')
        .insert({ id, slug, name: slug })
        .then(() => undefined),
    );
  }
  app = await startTinyApp({
    routes: [...tinyRoutes().filter(({ path }) => !path.startsWith('/admin')), ...writingRoutes(db.database)],
    idempotency: createIdempotency({ database: db.database }),
  });
});
afterAll(async () => {
  await app?.close();
  await db?.drop();
});

const writes = async (title: string, tenant = tenantId): Promise<number> =>
  db.database.withTenant(tenant, async (tx) => {
    const found: unknown[] = await tx('audit_log').where({ subject_id: title }).select('id');
    return found.length;
  });

const post = (json: unknown, idempotencyKey?: string, key = keyOf('agent'), path = '/things') =>
  app.call('POST', path, {
    key,
    json,
    ...(idempotencyKey === undefined ? {} : { headers: { 'idempotency-key': idempotencyKey } }),
  });

describe('an Idempotency-Key', () => {
  it('gives the first answer again, and writes once', async () => {
    const first = await post({ title: 'once', note: { a: 1, b: [2] } }, 'key-1');
    const again = await post({ note: { b: [2], a: 1 }, title: 'once' }, 'key-1');
    expect(first.status).toBe(201);
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    expect(again.status).toBe(201);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(again.body).toMatchObject({ data: { title: 'once' } });
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
    expect(await writes('once')).toBe(1);
  });

  it('never keeps what is shown once: the repetition has null there', async () => {
    const first = await post({ title: 'secret' }, 'key-secret');
    const again = await post({ title: 'secret' }, 'key-secret');
    expect(first.body).toMatchObject({ data: { key: 'lk_shown-once' } });
    expect(again.body).toEqual({ data: { ...Object(Object(first.body).data), key: null } });
    const rows = await db.database.withTenant(tenantId, (tx) => tx('idempotency_keys').select('*'));
    expect(JSON.stringify(rows)).not.toContain('shown-once');
  });

  it('is refused with 409 for another body or another path', async () => {
    await post({ title: 'mine' }, 'key-2');
    const otherBody = await post({ title: 'yours' }, 'key-2');
    const otherPath = await post({ title: 'mine' }, 'key-2', keyOf('agent'), '/unique-things');
    for (const { body } of [otherBody, otherPath]) {
      expect(body).toMatchObject({ status: 409, code: 'idempotency_key_reused' });
    }
    expect(await writes('yours')).toBe(0);
  });

  it("is the tenant's own: another tenant's request with it is a new one", async () => {
    await post({ title: 'apart' }, 'key-3');
    const other = await post({ title: 'apart' }, 'key-3', keyOf('other'));
    expect(other.headers.get('idempotency-replayed')).toBeNull();
    expect(await writes('apart', otherTenantId)).toBe(1);
  });

  it('may stand in the body instead, as the same key', async () => {
    const first = await post({ title: 'in body', idempotency_key: 'key-4' });
    const again = await post({ title: 'in body', idempotency_key: 'key-4' });
    expect(first.status).toBe(201);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    const both = await post({ title: 'in body', idempotency_key: 'key-4' }, 'key-5');
    expect(both.body).toMatchObject({ status: 422, errors: [{ path: 'idempotency_key' }] });
  });

  it('writes once when twenty requests with it come at the same moment', async () => {
    // All have looked the key up and found nothing before the first of them writes.
    meetingOf(5);
    const answers = await Promise.all(Array.from({ length: 20 }, () => post({ title: 'race' }, 'key-race')));
    meetingOf(1);
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 201));
    const ids = answers.map(
      ({ body }) => z.object({ data: z.object({ id: z.string() }) }).parse(body).data.id,
    );
    expect(new Set(ids).size).toBe(1);
    expect(await writes('race')).toBe(1);
  });

  it('is 409 for the other of two different requests at the same moment', async () => {
    meetingOf(2);
    const answers = await Promise.all([
      post({ title: 'left' }, 'key-two'),
      post({ title: 'right' }, 'key-two'),
    ]);
    meetingOf(1);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
    expect((await writes('left')) + (await writes('right'))).toBe(1);
  });

  it('is no refusal for the second of two equal requests, when the first has made the thing meanwhile', async () => {
    meetingOf(2);
    const answers = await Promise.all(
      [1, 2].map(() => post({ title: 'u' }, 'key-u', keyOf('agent'), '/unique-things')),
    );
    meetingOf(1);
    expect(answers.map(({ status }) => status)).toEqual([201, 201]);
    expect(answers[0]?.body).toEqual(answers[1]?.body);
  });

  it('keeps nothing of a write that failed: the next try is the first', async () => {
    const crashed = await post({ title: 'crash' }, 'key-crash');
    expect(crashed.status).toBe(500);
    const rows = await db.database.withTenant(tenantId, (tx) =>
      tx('idempotency_keys').where({ key: 'key-crash' }),
    );
    expect(rows).toEqual([]);
    expect(await writes('crash')).toBe(0);
  });

  it('keeps no refusal: the cause may be mended', async () => {
    expect((await post({ title: 'refused' }, 'key-refused')).status).toBe(409);
    expect((await post({ title: 'mended' }, 'key-refused')).status).toBe(201);
  });

  it('holds for an answer without a write of its own', async () => {
    const first = await post(undefined, 'key-6', keyOf('agent'), '/answers');
    const again = await post(undefined, 'key-6', keyOf('agent'), '/answers');
    expect(again.body).toEqual(first.body);
  });

  it('holds for the superadmin, who writes in a tenant and keeps the answer outside of it', async () => {
    const first = await post(undefined, 'key-7', adminApiKey, '/admin/things');
    const again = await post(undefined, 'key-7', adminApiKey, '/admin/things');
    expect(first.status).toBe(201);
    expect(again.body).toEqual(first.body);
    expect(await writes('by the superadmin')).toBe(1);
  });

  it('counts for a day', async () => {
    await post({ title: 'old' }, 'key-old');
    await db.database.withTenant(tenantId, (tx) =>
      tx('idempotency_keys')
        .where({ key: 'key-old' })
        .update({ created_at: tx.raw("now() - interval '25 hours'") }),
    );
    const later = await post({ title: 'new' }, 'key-old');
    expect(later.status).toBe(201);
    expect(later.headers.get('idempotency-replayed')).toBeNull();
    expect((await post({ title: 'new' }, 'key-old')).headers.get('idempotency-replayed')).toBe('true');
  });

  it.each([
    ['key-bare', '"key-bare"'],
    ['"key-quoted"', 'key-quoted'],
    ['"a \\"quoted\\" \\\\ key, with a comma"', '"a \\"quoted\\" \\\\ key, with a comma"'],
  ])('is the same key bare and as a quoted string: %s, %s', async (first, second) => {
    const title = `spelt ${first}`.slice(0, 40);
    const written = await post({ title }, first);
    const again = await post({ title }, second);
    expect(written.status).toBe(201);
    expect(written.headers.get('idempotency-replayed')).toBeNull();
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(await writes(title)).toBe(1);
  });

  it('is the same key as a quoted string and in the body', async () => {
    const first = await post({ title: 'both', idempotency_key: 'key-8' }, '"key-8"');
    const again = await post({ title: 'both', idempotency_key: 'key-8' });
    expect(first.status).toBe(201);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
  });

  it.each(['a, b', '"a", "b"', 'a,b', '"a" b', '"a', 'a"', '"a\\b"', '"a""b"'])(
    'is refused when it is not one key: %s',
    async (keys) => {
      const answer = await post({ title: 'several' }, keys);
      expect(answer.body).toMatchObject({
        status: 422,
        errors: [{ path: 'Idempotency-Key', message: expect.stringContaining('must be one key') }],
      });
      expect(await writes('several')).toBe(0);
    },
  );

  it.each([
    ['a', 'b'],
    ['a', 'a'],
    ['"a', 'b"'],
  ])('is refused when it is sent twice: %s and %s', async (first, second) => {
    const url = new URL(`${app.url}/api/v1/things`);
    const body = '{"title":"twice"}';
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(url.port), url.hostname, () => {
        const lines = [
          'POST /api/v1/things HTTP/1.1',
          'Host: x',
          'Connection: close',
          `Authorization: Bearer ${keyOf('agent')}`,
          'Content-Type: application/json',
          `Content-Length: ${body.length}`,
          `Idempotency-Key: ${first}`,
          `Idempotency-Key: ${second}`,
        ];
        socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`);
      });
      let received = '';
      socket.on('data', (chunk) => {
        received += chunk.toString();
      });
      socket.on('end', () => resolve(received));
      socket.on('error', reject);
    });
    expect(answer).toMatch(/^HTTP\/1.1 422 /);
    expect(answer).toContain('Idempotency-Key');
    expect(await writes('twice')).toBe(0);
  });

  it.each(['', 'x'.repeat(256), 'caf\u00e9', '""', `"${'x'.repeat(256)}"`])(
    'is 422 when it is malformed: %j',
    async (malformed) => {
      const answer = await post({ title: 'malformed' }, malformed);
      expect(answer.body).toMatchObject({ status: 422, errors: [{ path: 'Idempotency-Key' }] });
    },
  );
});

describe('keeping an answer', () => {
  it("forgets the tenant's own rows that no longer count, and no other", async () => {
    await post({ title: 'kept' }, 'key-kept');
    await post({ title: 'forgotten' }, 'key-forgotten');
    await post({ title: 'foreign' }, 'key-foreign', keyOf('other'));
    await db.rawAsOwner(
      "update idempotency_keys set created_at = now() - interval '25 hours' where key <> 'key-kept'",
    );
    await post({ title: 'next' }, 'key-next');
    const kept = await db.rawAsOwner('select key from idempotency_keys where key = any($1) order by key', [
      ['key-kept', 'key-forgotten', 'key-foreign', 'key-next'],
    ]);
    expect(kept.map(({ key }) => key)).toEqual(['key-foreign', 'key-kept', 'key-next']);
    expect((await post({ title: 'kept' }, 'key-kept')).headers.get('idempotency-replayed')).toBe('true');
  });
});
