import { problem } from '../platform/http/problem.ts';
import { type Route, route } from '../platform/http/route.ts';
import { answerKeyCreation, readKeyRequest, replyWithKey, replyWithTenant } from './presentation.ts';
import {
  createdTenantReply,
  issuedKeyReply,
  newApiKeySchema,
  newTenantSchema,
  tenantIdSchema,
} from './schemas.ts';
import type { Tenants } from './service.ts';

const tag = 'Administration';

/** The superadmin's routes. */
export function adminRoutes(deps: { readonly tenants: Tenants }): Route[] {
  const { tenants } = deps;

  return [
    route({
      method: 'post',
      path: '/admin/tenants',
      role: 'superadmin',
      tag,
      summary: 'Create a tenant',
      description: 'The tenant gets one API key per role. The keys are shown in this answer only.',
      body: newTenantSchema,
      replies: { 201: { description: 'The tenant and its first keys', schema: createdTenantReply } },
      problems: ['already_exists'],
      idempotent: true,
      secretFields: ['data.keys.agent', 'data.keys.orchestrator', 'data.keys.user'],
      handle: async ({ actor, body, once }) => {
        const creation = await tenants.createTenant(actor, body, once(replyWithTenant));
        switch (creation.kind) {
          case 'created':
            return replyWithTenant(creation);
          case 'slug_taken':
            return problem('already_exists', `A tenant with the slug ${body.slug} already exists.`);
          default:
            return creation satisfies never;
        }
      },
    }),

    route({
      method: 'post',
      path: '/admin/tenants/:id/api-keys',
      role: 'superadmin',
      tag,
      summary: 'Create an API key for a tenant',
      description: 'For a tenant that has lost its own keys. The key is shown in this answer only.',
      params: tenantIdSchema,
      body: newApiKeySchema,
      replies: { 201: { description: 'The key', schema: issuedKeyReply } },
      problems: ['not_found'],
      idempotent: true,
      secretFields: ['data.key'],
      handle: async ({ actor, params, body, once }) =>
        answerKeyCreation(
          await tenants.createApiKey(actor, params.id, readKeyRequest(body), once(replyWithKey)),
        ),
    }),
  ];
}
