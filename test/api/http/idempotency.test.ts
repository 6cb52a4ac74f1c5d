import { connect } from 'node:net';
import { test as base, describe, expect } from 'vitest';
import { z } from 'zod';
import { createIdempotency } from '../../../src/platform/idempotency/idempotency.ts';
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
import { createMeeting, writingRoutes } from './writing-routes.ts';

const it = base
  .extend('meeting', { scope: 'file' }, () => createMeeting())
  .extend('db', { scope: 'file' }, async ({}, { onCleanup }): Promise<TestDatabase> => {
    const db = await createTestDatabase();
    onCleanup(() => db.drop());
    await addTenants(db);
    return db;
  })
  .extend(
    'app',
    { scope: 'file' },
    async ({ db: { database }, meeting }, { onCleanup }): Promise<TinyApp> => {
      const ofOthers = tinyRoutes().filter(({ path }) => !path.startsWith('/admin'));
      const app = await startTinyApp({
        routes: [...ofOthers, ...writingRoutes(database, meeting)],
        idempotency: createIdempotency({ database }),
      });
      onCleanup(async () => {
        await app.close();
      });
      return app;
    },
  );

describe('an Idempotency-Key', () => {
  it('gives the first answer again, and writes once', async ({ db, app }) => {
    const first = await post(app, { title: 'once', note: { a: 1, b: [2] } }, 'key-1');
    const again = await post(app, { note: { b: [2], a: 1 }, title: 'once' }, 'key-1');
    expect(first.status).toBe(201);
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    expect(again.status).toBe(201);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(again.body).toMatchObject({ data: { title: 'once' } });
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
    expect(await writes(db, 'once')).toBe(1);
  });

  it('never keeps what is shown once: the repetition has null there', async ({ db, app }) => {
    const first = await post(app, { title: 'secret' }, 'key-secret');
    const again = await post(app, { title: 'secret' }, 'key-secret');
    expect(first.body).toMatchObject({ data: { key: 'lk_shown-once' } });
    expect(again.body).toEqual({ data: { ...Object(Object(first.body).data), key: null } });
    const rows = await db.database.withTenant(tenantId, (tx) => tx('idempotency_keys').select('*'));
    expect(JSON.stringify(rows)).not.toContain('shown-once');
  });

  it('is refused with 409 for another body or another path', async ({ db, app }) => {
    await post(app, { title: 'mine' }, 'key-2');
    const otherBody = await post(app, { title: 'yours' }, 'key-2');
    const otherPath = await post(app, { title: 'mine' }, 'key-2', keyOf('agent'), '/unique-things');
    for (const { body } of [otherBody, otherPath]) {
      expect(body).toMatchObject({ status: 409, code: 'idempotency_key_reused' });
    }
    expect(await writes(db, 'yours')).toBe(0);
  });

  it("is the tenant's own: another tenant's request with it is a new one", async ({ db, app }) => {
    await post(app, { title: 'apart' }, 'key-3');
    const other = await post(app, { title: 'apart' }, 'key-3', keyOf('other'));
    expect(other.headers.get('idempotency-replayed')).toBeNull();
    expect(await writes(db, 'apart', otherTenantId)).toBe(1);
  });

  it('may stand in the body instead, as the same key', async ({ app }) => {
    const first = await post(app, { title: 'in body', idempotency_key: 'key-4' });
    const again = await post(app, { title: 'in body', idempotency_key: 'key-4' });
    expect(first.status).toBe(201);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    const both = await post(app, { title: 'in body', idempotency_key: 'key-4' }, 'key-5');
    expect(both.body).toMatchObject({ status: 422, errors: [{ path: 'idempotency_key' }] });
  });

  it('writes once when twenty requests with it come at the same moment', async ({ db, app, meeting }) => {
    // All have looked the key up and found nothing before the first of them writes.
    meeting.of(5);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => post(app, { title: 'race' }, 'key-race')),
    );
    meeting.of(1);
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 201));
    const ids = answers.map(
      ({ body }) => z.object({ data: z.object({ id: z.string() }) }).parse(body).data.id,
    );
    expect(new Set(ids).size).toBe(1);
    expect(await writes(db, 'race')).toBe(1);
  });

  it('is 409 for the other of two different requests at the same moment', async ({ db, app, meeting }) => {
    meeting.of(2);
    const answers = await Promise.all([
      post(app, { title: 'left' }, 'key-two'),
      post(app, { title: 'right' }, 'key-two'),
    ]);
    meeting.of(1);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
    expect((await writes(db, 'left')) + (await writes(db, 'right'))).toBe(1);
  });

  it('does not refuse the second of two equal requests when the first has made the thing meanwhile', async ({
    app,
    meeting,
  }) => {
    meeting.of(2);
    const answers = await Promise.all(
      [1, 2].map(() => post(app, { title: 'u' }, 'key-u', keyOf('agent'), '/unique-things')),
    );
    meeting.of(1);
    expect(answers.map(({ status }) => status)).toEqual([201, 201]);
    expect(answers[0]?.body).toEqual(answers[1]?.body);
  });

  it('keeps nothing of a write that failed: the next try is the first', async ({ db, app }) => {
    const crashed = await post(app, { title: 'crash' }, 'key-crash');
    expect(crashed.status).toBe(500);
    const rows = await db.database.withTenant(tenantId, (tx) =>
      tx('idempotency_keys').where({ key: 'key-crash' }),
    );
    expect(rows).toEqual([]);
    expect(await writes(db, 'crash')).toBe(0);
  });

  it('keeps no refusal: the key works once the cause is gone', async ({ app }) => {
    expect((await post(app, { title: 'refused' }, 'key-refused')).status).toBe(409);
    expect((await post(app, { title: 'mended' }, 'key-refused')).status).toBe(201);
  });

  it('holds for an answer without a write of its own', async ({ app }) => {
    const first = await post(app, undefined, 'key-6', keyOf('agent'), '/answers');
    const again = await post(app, undefined, 'key-6', keyOf('agent'), '/answers');
    expect(again.body).toEqual(first.body);
  });

  it('holds for the superadmin, who writes in a tenant and keeps the answer outside of it', async ({
    db,
    app,
  }) => {
    const first = await post(app, undefined, 'key-7', adminApiKey, '/admin/things');
    const again = await post(app, undefined, 'key-7', adminApiKey, '/admin/things');
    expect(first.status).toBe(201);
    expect(again.body).toEqual(first.body);
    expect(await writes(db, 'by the superadmin')).toBe(1);
  });

  it('counts for a day', async ({ db, app }) => {
    await post(app, { title: 'old' }, 'key-old');
    await db.database.withTenant(tenantId, (tx) =>
      tx('idempotency_keys')
        .where({ key: 'key-old' })
        .update({ created_at: tx.raw("now() - interval '25 hours'") }),
    );
    const later = await post(app, { title: 'new' }, 'key-old');
    expect(later.status).toBe(201);
    expect(later.headers.get('idempotency-replayed')).toBeNull();
    expect((await post(app, { title: 'new' }, 'key-old')).headers.get('idempotency-replayed')).toBe('true');
  });

  it.for<[string, string]>([
    ['key-bare', '"key-bare"'],
    ['"key-quoted"', 'key-quoted'],
    ['"a \\"quoted\\" \\\\ key, with a comma"', '"a \\"quoted\\" \\\\ key, with a comma"'],
  ])('is the same key bare and as a quoted string: %s, %s', async ([first, second], { app, db }) => {
    const title = `spelt ${first}`.slice(0, 40);
    const written = await post(app, { title }, first);
    const again = await post(app, { title }, second);
    expect(written.status).toBe(201);
    expect(written.headers.get('idempotency-replayed')).toBeNull();
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(await writes(db, title)).toBe(1);
  });

  it('is the same key as a quoted string and in the body', async ({ app }) => {
    const first = await post(app, { title: 'both', idempotency_key: 'key-8' }, '"key-8"');
    const again = await post(app, { title: 'both', idempotency_key: 'key-8' });
    expect(first.status).toBe(201);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
  });

  it.for(['a, b', '"a", "b"', 'a,b', '"a" b', '"a', 'a"', '"a\\b"', '"a""b"'])(
    'is refused when it is not one key: %s',
    async (keys, { app, db }) => {
      const answer = await post(app, { title: 'several' }, keys);
      expect(answer.body).toMatchObject({
        status: 422,
        errors: [{ path: 'Idempotency-Key', message: expect.stringContaining('must be one key') }],
      });
      expect(await writes(db, 'several')).toBe(0);
    },
  );

  it.for<[string, string]>([
    ['a', 'b'],
    ['a', 'a'],
    ['"a', 'b"'],
  ])('is refused when it is sent twice: %s and %s', async ([first, second], { app, db }) => {
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
    expect(await writes(db, 'twice')).toBe(0);
  });

  it.for(['', 'x'.repeat(256), 'caf\u00e9', '""', `"${'x'.repeat(256)}"`])(
    'is 422 when it is malformed: %j',
    async (malformed, { app }) => {
      const answer = await post(app, { title: 'malformed' }, malformed);
      expect(answer.body).toMatchObject({ status: 422, errors: [{ path: 'Idempotency-Key' }] });
    },
  );
});

describe('keeping an answer', () => {
  it("forgets the tenant's own rows that no longer count, and no other", async ({ db, app }) => {
    await post(app, { title: 'kept' }, 'key-kept');
    await post(app, { title: 'forgotten' }, 'key-forgotten');
    await post(app, { title: 'foreign' }, 'key-foreign', keyOf('other'));
    await db.rawAsOwner(
      "update idempotency_keys set created_at = now() - interval '25 hours' where key <> 'key-kept'",
    );
    await post(app, { title: 'next' }, 'key-next');
    const kept = await db.rawAsOwner('select key from idempotency_keys where key = any($1) order by key', [
      ['key-kept', 'key-forgotten', 'key-foreign', 'key-next'],
    ]);
    expect(kept.map(({ key }) => key)).toEqual(['key-foreign', 'key-kept', 'key-next']);
    expect((await post(app, { title: 'kept' }, 'key-kept')).headers.get('idempotency-replayed')).toBe('true');
  });
});

async function addTenants({ database }: TestDatabase): Promise<void> {
  for (const [id, slug] of [
    [tenantId, 'one'],
    [otherTenantId, 'other'],
  ] as const) {
    await database.withTenant(id, (tx) =>
      tx('tenants')
        .insert({ id, slug, name: slug })
        .then(() => undefined),
    );
  }
}

/** How often the routes have written this title. */
async function writes({ database }: TestDatabase, title: string, tenant = tenantId): Promise<number> {
  return database.withTenant(tenant, async (tx) => {
    const found: unknown[] = await tx('audit_log').where({ subject_id: title }).select('id');
    return found.length;
  });
}

function post(app: TinyApp, json: unknown, idempotencyKey?: string, key = keyOf('agent'), path = '/things') {
  return app.call('POST', path, {
    key,
    json,
    ...(idempotencyKey === undefined ? {} : { headers: { 'idempotency-key': idempotencyKey } }),
  });
}
