import { z } from 'zod';
import { type Route, reply, route } from '../platform/http/route.ts';
import { answerDryRun, answerUpdate, refusedCallCodes } from './change-answers.ts';
import { changedViewSchema, dryRunSchema, patchQuerySchema, patchSchema, viewSchema } from './schemas.ts';
import type { Settings } from './settings.ts';

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
        'another embedding model, dimensions or provider start the embedding of every published article that has no vectors ' +
        'for it. A key goes only to the address that it was set for: a change of `embedding_provider` or `embedding_base_url` ' +
        'has to bring `embedding_api_key` again, or `null`. What was pasted around a key or an address is taken off, and ' +
        '`notices` says so. ' +
        'With `verify`, one real call is made to each provider that a field of the request concerns, with the key and the ' +
        'settings of the change (the stored key where it brings none), billed to its owner. The change is stored only if all ' +
        'of them work, and the keys are `verified` then; otherwise the answer is the code of the first call that failed. ' +
        'With `dry_run=true` the same calls are made, and nothing is stored, whatever they bring: the answer is 200 with ' +
        'the result of each.',
      query: patchQuerySchema,
      body: patchSchema,
      replies: {
        200: {
          description: 'The settings as they are now; of a dry run, the results of its calls',
          schema: z.union([changedViewSchema, dryRunSchema]),
        },
      },
      problems: refusedCallCodes,
      handle: async ({ actor, query, body: { verify, ...patch } }) =>
        query.dry_run === 'true'
          ? answerDryRun(await llmConfig.dryRun(actor, patch))
          : answerUpdate(await llmConfig.update(actor, patch, { verify: verify === true })),
    }),
  ];
}
