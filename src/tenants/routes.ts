import { pageOf } from '../platform/http/page.ts';
import { problem } from '../platform/http/problem.ts';
import { type Route, reply, route } from '../platform/http/route.ts';
import { answerKeyCreation, presentApiKey, readKeyRequest, replyWithKey } from './presentation.ts';
import {
  apiKeyIdSchema,
  apiKeyListReply,
  apiKeyPageSchema,
  apiKeyPatchSchema,
  apiKeyReply,
  issuedKeyReply,
  newApiKeySchema,
} from './schemas.ts';
import type { Tenants } from './service.ts';

const tag = 'API keys';

/** The routes by which a tenant manages its own API keys. */
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
        'Newest first, with the revoked and expired keys. `hint` ends with the last four characters of a key; the rest of it is not stored.',
      query: apiKeyPageSchema,
      replies: { 200: { description: 'A page of keys', schema: apiKeyListReply } },
      problems: [],
      handle: async ({ actor, query }) => {
        const { limit, cursor } = query;
        const keys = await tenants.listApiKeys(actor.tenantId, { limit: limit + 1, afterId: cursor });
        return reply(200, pageOf(keys, limit, presentApiKey));
      },
    }),

    route({
      method: 'post',
      path: '/api-keys',
      role: 'user',
      tag,
      summary: 'Create an API key',
      description: 'The key is shown in this answer only.',
      body: newApiKeySchema,
      replies: { 201: { description: 'The key', schema: issuedKeyReply } },
      problems: ['forbidden', 'not_found'],
      idempotent: true,
      secretFields: ['data.key'],
      handle: async ({ actor, body, once }) =>
        answerKeyCreation(
          await tenants.createApiKey(actor, actor.tenantId, readKeyRequest(body), once(replyWithKey)),
        ),
    }),

    route({
      method: 'patch',
      path: '/api-keys/:id',
      role: 'user',
      tag,
      summary: 'Change an API key',
      description:
        'A field that is left out is kept. A changed budget holds from the next provider call on, for the tokens that the key has used today, too.',
      params: apiKeyIdSchema,
      body: apiKeyPatchSchema,
      replies: { 200: { description: 'The key', schema: apiKeyReply } },
      problems: ['not_found'],
      handle: async ({ actor, params, body }) => {
        const { label, daily_token_budget: dailyTokenBudget } = body;
        const update = await tenants.updateApiKey(actor, params.id, { label, dailyTokenBudget });
        switch (update.kind) {
          case 'updated':
            return reply(200, { data: presentApiKey(update.apiKey) });
          case 'no_such_key':
            return problem('not_found', 'The API key does not exist.');
          default:
            return update satisfies never;
        }
      },
    }),

    route({
      method: 'delete',
      path: '/api-keys/:id',
      role: 'user',
      tag,
      summary: 'Revoke an API key',
      description:
        'The key is refused at once by the process that answers, and by the others a moment later, five seconds at the most. The last active key of role `user` cannot be revoked.',
      params: apiKeyIdSchema,
      replies: { 204: { description: 'The key is revoked' } },
      problems: ['not_found', 'transition_not_allowed'],
      handle: async ({ actor, params }) => {
        const revocation = await tenants.revokeApiKey(actor, params.id);
        switch (revocation.kind) {
          case 'revoked':
            return reply(204);
          case 'no_such_key':
            return problem('not_found', 'The API key does not exist.');
          case 'last_user_key':
            return problem(
              'transition_not_allowed',
              'This is the last active key of role user, and only such a key can create keys. Create another one first.',
            );
          default:
            return revocation satisfies never;
        }
      },
    }),
  ];
}
