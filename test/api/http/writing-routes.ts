import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { problem } from '../../../src/platform/http/problem.ts';
import { type Route, reply, route } from '../../../src/platform/http/route.ts';
import { text } from '../../../src/platform/http/schemas.ts';
import type { Database, Transaction } from '../../../src/platform/postgres/database.ts';
import { tenantId } from '../../support/tiny-app.ts';

export interface Meeting {
  /** From now on, writes wait until so many have begun. */
  of(size: number): void;
  /** Resolves once enough writes have come here. */
  arrive(): Promise<void>;
}

/** Holds writes back until so many have begun. */
export function createMeeting(): Meeting {
  let meeting = { size: 1, arrived: 0, open: () => undefined as undefined, opened: Promise.resolve() };
  return {
    of(size) {
      let open = (): undefined => undefined;
      const opened = new Promise<void>((resolve) => {
        open = () => void resolve();
      });
      meeting = { size, arrived: 0, open, opened };
    },
    async arrive() {
      meeting.arrived += 1;
      if (meeting.arrived >= meeting.size) meeting.open();
      await meeting.opened;
    },
  };
}

/** Routes that write an audit row, so that a test can count how often they really did. */
export function writingRoutes(database: Database, meeting: Meeting): Route[] {
  const data = z.object({ id: z.string(), title: z.string(), key: z.string().nullable() });
  const write = (
    tenant: string,
    title: string,
    step: (tx: Transaction, id: string) => Promise<void>,
    within = database.withTenant,
  ) =>
    within(tenant, async (tx) => {
      await meeting.arrive();
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
            await once(present)?.(tx, id);
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
              await once(present)?.(tx, id);
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
        return present(
          await write(
            tenantId,
            'by the superadmin',
            async (tx, id) => once(present)?.(tx, id),
            database.withTenantAsAdmin,
          ),
        );
      },
    }),
  ];
}
