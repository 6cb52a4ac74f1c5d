import { z } from 'zod';
import { guidanceOf, isFailureCode } from '../domain/failures.ts';
import { cursor } from '../platform/http/cursor.ts';
import { pageOf } from '../platform/http/page.ts';
import { type Route, reply, route } from '../platform/http/route.ts';
import { limit, text } from '../platform/http/schemas.ts';
import { auditActions } from './actions.ts';
import type { Audit, AuditRow } from './service.ts';

const name = text({ max: 200 });

const querySchema = z.strictObject({
  action: name.optional().meta({
    description: `Only rows of this action. The actions are ${auditActions.map((action) => `\`${action}\``).join(', ')}.`,
    examples: ['llm_config.updated'],
  }),
  subject_kind: name.optional().meta({ examples: ['article'] }),
  subject_id: name.optional(),
  limit: limit(),
  // The id of the last row of the page before: a bigint, so a string.
  cursor: cursor(z.string().regex(/^[1-9]\d{0,17}$/)).optional(),
});

const listReply = z.object({
  data: z.array(
    z
      .object({
        id: z.string(),
        at: z.iso.datetime(),
        actor: z.object({
          key_id: z
            .uuid()
            .nullable()
            .describe('The API key that acted; null for the superadmin and the service'),
          label: z.string(),
          role: z.string(),
          via: z
            .string()
            .nullable()
            .describe('`mcp` where an agent has acted through MCP; null for a call of this API'),
        }),
        action: z.string(),
        subject: z.object({ kind: z.string(), id: z.string() }),
        details: z
          .record(z.string(), z.unknown())
          .describe('With `code`, also `who` acts on it and the `next_step`'),
      })
      .meta({ id: 'AuditRow' }),
  ),
  meta: z.object({ next_cursor: z.string().nullable() }),
});

/** The route of the audit log. */
export function auditRoutes(deps: { readonly audit: Audit }): Route[] {
  return [
    route({
      method: 'get',
      path: '/audit',
      role: 'user',
      tag: 'Audit',
      summary: 'Read the audit log',
      description:
        'Newest first. A row names the actor, the action and its subject; it never holds a secret value.',
      query: querySchema,
      replies: { 200: { description: 'A page of the log', schema: listReply } },
      problems: [],
      handle: async ({ actor, query }) => {
        const rows = await deps.audit.list(actor.tenantId, {
          limit: query.limit + 1,
          ...(query.action === undefined ? {} : { action: query.action }),
          ...(query.subject_kind === undefined ? {} : { subjectKind: query.subject_kind }),
          ...(query.subject_id === undefined ? {} : { subjectId: query.subject_id }),
          ...(query.cursor === undefined ? {} : { beforeId: query.cursor }),
        });
        return reply(200, pageOf(rows, query.limit, presentRow));
      },
    }),
  ];
}

function presentRow(row: AuditRow) {
  return {
    id: row.id,
    at: row.at,
    actor: {
      key_id: row.actor.keyId,
      label: row.actor.label,
      role: row.actor.role,
      via: row.actor.via,
    },
    action: row.action,
    subject: row.subject,
    details: { ...row.details, ...(isFailureCode(row.details.code) ? guidanceOf(row.details.code) : {}) },
  };
}
