import { Writable } from 'node:stream';
import { Registry } from 'prom-client';
import { z } from 'zod';
import type { Actor } from '../../src/domain/actor.ts';
import type { Role } from '../../src/domain/roles.ts';
import { type AppDeps, createApp } from '../../src/http/app.ts';
import { defaultRateLimits } from '../../src/http/rate-limits.ts';
import { type RunningServer, startServer } from '../../src/http/server.ts';
import { cursor } from '../../src/platform/http/cursor.ts';
import { problem } from '../../src/platform/http/problem.ts';
import { type Route, reply, route } from '../../src/platform/http/route.ts';
import { jsonObject, limit, list, text, uuid } from '../../src/platform/http/schemas.ts';
import type { Idempotency } from '../../src/platform/idempotency/idempotency.ts';
import { createLogger } from '../../src/platform/telemetry/logging.ts';
import { createMetrics } from '../../src/platform/telemetry/metrics.ts';

export const tenantId = '0b6cdd0a-6b7c-4d0c-8f4e-0a2b6f5f7a11';
export const otherTenantId = '5f0f4a6e-53a5-4d92-bb4a-9a0c6f5f7a22';
export const adminApiKey = 'the#superadmins!own:key';
export const noteId = '7e1fdd0a-6b7c-4d0c-8f4e-0a2b6f5f7a33';

/** Keys of the tiny app: `lk_<role>` of one tenant, `lk_other` of another. */
export function keyOf(role: 'agent' | 'orchestrator' | 'user' | 'other'): string {
  return `lk_${role}`;
}

async function authenticate(key: string): Promise<Actor | undefined> {
  const actor = (role: Role, tenant = tenantId): Actor => ({
    tenantId: tenant,
    keyId: `key-${key}`,
    label: key,
    role,
  });
  switch (key) {
    case 'lk_agent':
      return actor('agent');
    case 'lk_orchestrator':
      return actor('orchestrator');
    case 'lk_user':
      return actor('user');
    case 'lk_other':
      return actor('agent', otherTenantId);
    default:
      return undefined;
  }
}

const noteView = z.object({ id: z.string(), title: z.string() }).meta({ id: 'Note' });

/** A few routes with every trait that a real one can have. */
export function tinyRoutes(): Route[] {
  return [
    route({
      method: 'get',
      path: '/notes',
      role: 'agent',
      tag: 'notes',
      summary: 'List notes',
      query: z.object({
        limit: limit({ max: 20 }),
        cursor: cursor(z.object({ after: z.string() })).optional(),
        tags: list(text({ max: 10 }), { max: 3 }).optional(),
      }),
      replies: { 200: { description: 'The page', schema: z.object({ data: z.unknown() }) } },
      problems: [],
      handle: async ({ query }) => reply(200, { data: query }),
    }),
    route({
      method: 'get',
      path: '/notes/:id',
      role: 'agent',
      tag: 'notes',
      summary: 'Read a note',
      params: z.object({ id: uuid }),
      replies: {
        200: {
          description: 'The note',
          schema: z.object({ data: noteView }),
          headers: { ETag: "The note's revision" },
        },
      },
      problems: ['not_found'],
      handle: async ({ params }) =>
        params.id === noteId
          ? reply(200, { data: { id: params.id, title: 'a note' } }, { ETag: '"1"' })
          : problem('not_found', 'There is no such note.'),
    }),
    route({
      method: 'post',
      path: '/notes',
      role: 'orchestrator',
      tag: 'notes',
      summary: 'Write a note',
      body: z.object({
        title: text({ max: 20 }),
        metadata: jsonObject({ maxBytes: 5_000 }).optional(),
        parts: z.array(z.strictObject({ name: text({ max: 5 }) })).optional(),
      }),
      requestHeaders: { 'If-Match': 'The revision' },
      replies: { 201: { description: 'The note', schema: z.object({ data: noteView }) } },
      problems: ['transition_not_allowed'],
      handle: async ({ body }) => reply(201, { data: { id: noteId, title: body.title } }),
    }),
    route({
      method: 'delete',
      path: '/notes/:id',
      role: 'user',
      tag: 'notes',
      summary: 'Delete a note',
      params: z.object({ id: uuid }),
      replies: { 204: { description: 'Gone' } },
      problems: ['not_found'],
      handle: async () => reply(204),
    }),
    route({
      method: 'post',
      path: '/broken',
      role: 'agent',
      tag: 'broken',
      summary: 'Throws',
      replies: { 200: { description: 'Never' } },
      problems: [],
      handle: async () => {
        throw new Error('relation "secret_table" does not exist: sk-canary-key');
      },
    }),
    route({
      method: 'get',
      path: '/undeclared',
      role: 'agent',
      tag: 'broken',
      summary: 'Answers otherwise than it declares',
      query: z.object({ what: z.enum(['status', 'code', 'field', 'type', 'header', 'no header']) }),
      replies: { 200: { description: 'A note', schema: z.object({ data: noteView }) } },
      problems: ['vault_unavailable'],
      handle: async ({ query }) => {
        const note = { id: noteId, title: 'x' };
        switch (query.what) {
          case 'status':
            return reply(202, { data: note });
          case 'code':
            return problem('revision_mismatch', 'not declared');
          case 'field':
            return reply(200, { data: { ...note, extra: 1 } });
          case 'type':
            return reply(200, { data: { ...note, title: 3 } });
          case 'header':
            return reply(200, { data: note }, { ETag: '"1"' });
          case 'no header':
            return problem('vault_unavailable', 'without a Retry-After');
        }
      },
    }),
    route({
      method: 'post',
      path: '/admin/things',
      role: 'superadmin',
      tag: 'admin',
      summary: 'Superadmin only',
      replies: { 200: { description: 'Done', schema: z.object({ data: z.string() }) } },
      problems: [],
      handle: async ({ actor }) => reply(200, { data: actor.tenantId }),
    }),
  ];
}

/** For apps without idempotent routes. */
const noIdempotency: Idempotency = {
  recall: async () => ({ kind: 'new' }),
  store: async () => undefined,
  storeAfterwards: async () => undefined,
};

export interface TinyApp extends RunningServer {
  readonly url: string;
  /** The log so far, as text. */
  readonly logged: () => string;
  /** A request to the API; JSON in, status, headers and parsed body out. */
  call(
    method: string,
    path: string,
    options?: { key?: string; json?: unknown; raw?: string | Uint8Array; headers?: Record<string, string> },
  ): Promise<{ status: number; headers: Headers; body: unknown }>;
}

/** The tiny app over real HTTP on a free port. */
export async function startTinyApp(deps: Partial<AppDeps> = {}): Promise<TinyApp> {
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  const log = createLogger({ level: 'info', process: 'api', destination });
  const app = createApp({
    routes: tinyRoutes(),
    authenticate,
    adminApiKey,
    idempotency: noIdempotency,
    dependencies: [],
    metrics: createMetrics(new Registry()),
    log,
    version: '1.2.3',
    verifyReplies: true,
    // The facts of a file come faster than strangers may.
    rateLimits: { ...defaultRateLimits, strangersPerSecond: 10_000 },
    ...deps,
  });
  const server = await startServer({ app, port: 0, log });
  const url = `http://127.0.0.1:${server.port}`;
  return {
    ...server,
    url,
    logged: () => lines.join(''),
    async call(method, path, options = {}) {
      const { key, json, raw, headers } = options;
      const body = raw ?? (json === undefined ? undefined : JSON.stringify(json));
      const response = await fetch(`${url}/api/v1${path}`, {
        method,
        headers: {
          ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body }),
      });
      const answer = await response.text();
      const parsed: unknown = answer === '' ? undefined : JSON.parse(answer);
      return { status: response.status, headers: response.headers, body: parsed };
    },
  };
}
