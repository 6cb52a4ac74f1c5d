import { encodeCursor } from '../platform/http/cursor.ts';
import { problem } from '../platform/http/problem.ts';
import { type Route, reply, route } from '../platform/http/route.ts';
import { answerKeyCreation, presentApiKey, replyWithKey } from './presentation.ts';
import {
  apiKeyIdSchema,
  apiKeyListReply,
  apiKeyPageSchema,
  issuedKeyReply,
  newApiKeySchema,
} from './schemas.ts';
import type { Tenants } from './service.ts';

const tag = 'API keys';

/** The routes by which a tenant keeps its own API keys. */
export function apiKeyRoutes(deps: { readonly tenants: Tenants }): Route[] {
  const { tenants } = deps;

  return [
    route({
      method: 'get',
      path: '/api-keys',
      role: 'user',
      tag,
      summary: "List the tenant's API keys",
      description:
        'Newest first, revoked and expired ones too. Of a key itself only the last four characters are known.',
      query: apiKeyPageSchema,
      replies: { 200: { description: 'A page of keys', schema: apiKeyListReply } },
      problems: [],
      handle: async ({ actor, query }) => {
        const { limit, cursor } = query;
        // One more than asked for tells whether there is a next page.
        const found = await tenants.listApiKeys(actor.tenantId, { limit: limit + 1, afterId: cursor });
        const page = found.slice(0, limit);
        const last = found.length > limit ? page.at(-1) : undefined;
        return reply(200, {
          data: page.map(presentApiKey),
          meta: { next_cursor: last === undefined ? null : encodeCursor(last.id) },
        });
      },
    }),

    route({
      method: 'post',
      path: '/api-keys',
      role: 'user',
      tag,
      summary: 'Make an API key',
      description: 'The key is in this answer and nowhere else, ever.',
      body: newApiKeySchema,
      replies: { 201: { description: 'The key', schema: issuedKeyReply } },
      problems: ['forbidden', 'not_found'],
      idempotent: true,
      secretFields: ['data.key'],
      handle: async ({ actor, body, once }) =>
        answerKeyCreation(
          await tenants.createApiKey(
            actor,
            actor.tenantId,
            { label: body.label, role: body.role, expiresAt: body.expires_at },
            once(replyWithKey),
          ),
        ),
    }),

    route({
      method: 'delete',
      path: '/api-keys/:id',
      role: 'user',
      tag,
      summary: 'Revoke an API key',
      description: 'It is refused from now on, in every process. The last active key of role `user` stays.',
      params: apiKeyIdSchema,
      replies: { 204: { description: 'The key is revoked' } },
      problems: ['not_found', 'transition_not_allowed'],
      handle: async ({ actor, params }) => {
        const revocation = await tenants.revokeApiKey(actor, params.id);
        switch (revocation.kind) {
          case 'revoked':
            return reply(204);
          case 'no_such_key':
            return problem('not_found', 'There is no such API key.');
          case 'last_user_key':
            return problem(
              'transition_not_allowed',
              'This is the last active key of role user: without it nobody could make another. Make one first.',
            );
          default:
            return revocation satisfies never;
        }
      },
    }),
  ];
}
