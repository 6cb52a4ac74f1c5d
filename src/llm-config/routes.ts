import { problem } from '../platform/http/problem.ts';
import { type Route, reply, route } from '../platform/http/route.ts';
import { patchSchema, viewSchema } from './schemas.ts';
import type { Settings } from './settings.ts';

/**
 * A sealed or restarted Vault is back within seconds once an operator acts. A client that retries this often does no
 * harm.
 */
const retryAfterSeconds = 5;

/** The routes of a tenant's provider settings. */
export function llmConfigRoutes(deps: { readonly llmConfig: Settings }): Route[] {
  const { llmConfig } = deps;
  const path = '/tenants/me/llm-config';
  const tag = 'Provider settings';

  return [
    route({
      method: 'get',
      path,
      role: 'user',
      tag,
      summary: "Read the tenant's provider settings",
      description: 'Keys are never shown: a hint is `...` and the last four characters.',
      replies: { 200: { description: 'The settings, not wrapped in `data`', schema: viewSchema } },
      problems: [],
      handle: async ({ actor }) => reply(200, await llmConfig.view(actor.tenantId)),
    }),

    route({
      method: 'patch',
      path,
      role: 'user',
      tag,
      summary: "Change the tenant's provider settings",
      description:
        'An absent field keeps its value; `null` restores the default, or removes the key. A first key, another key or ' +
        'another embedding model starts the embedding of every published article that has no vectors for it.',
      body: patchSchema,
      replies: { 200: { description: 'The settings as they are now', schema: viewSchema } },
      problems: ['vault_unavailable'],
      handle: async ({ actor, body }) => {
        const updated = await llmConfig.update(actor, body);
        switch (updated.kind) {
          case 'updated':
            return reply(200, updated.view);
          case 'failed':
            return problem(
              updated.code,
              'The keys cannot be stored safely now, so nothing was changed. Try again.',
              { headers: { 'Retry-After': String(retryAfterSeconds) } },
            );
          default:
            return updated satisfies never;
        }
      },
    }),
  ];
}
