import { problem } from '../platform/http/problem.ts';
import { type Route, reply, route } from '../platform/http/route.ts';
import type { AddressRefusal } from './allowed-address.ts';
import type { Notice } from './plan-change.ts';
import { changedViewSchema, patchSchema, viewSchema } from './schemas.ts';
import type { Settings } from './settings.ts';
import type { SettingsView } from './settings-view.ts';

/**
 * A sealed or restarted Vault is back within seconds once an operator acts. A client that retries this often does no
 * harm.
 */
const retryAfterSeconds = 5;

/** Why an address is not allowed. None of these names what a host resolves to. */
const addressRefusals: Readonly<Record<AddressRefusal, string>> = {
  http: 'It is an http address, and this installation allows https only.',
  private: 'Its host leads to a private address, and this installation allows public ones only.',
  not_listed:
    "It is not a listed address, and this installation allows the listed providers' own addresses only.",
};

const addressForbidden = (reason: AddressRefusal) =>
  `${addressRefusals[reason]} The operator's PROVIDER_URLS decides. Choose another provider or address.`;

/** The answer of a change. Most changes have no notices, and then it is the plain view. */
const withNotices = (view: SettingsView, notices: readonly Notice[]) =>
  notices.length === 0 ? view : { ...view, notices: [...notices] };

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
        '`notices` says so.',
      body: patchSchema,
      replies: { 200: { description: 'The settings as they are now', schema: changedViewSchema } },
      problems: ['vault_unavailable', 'address_forbidden'],
      handle: async ({ actor, body }) => {
        const updated = await llmConfig.update(actor, body);
        switch (updated.kind) {
          case 'updated':
            return reply(200, withNotices(updated.view, updated.notices));
          case 'invalid':
            return problem(
              'validation_failed',
              `Invalid: ${updated.errors.map(({ path: field }) => field).join(', ')}.`,
              {
                errors: updated.errors,
              },
            );
          case 'forbidden': {
            const detail = addressForbidden(updated.reason);
            return problem('address_forbidden', detail, {
              errors: [{ path: updated.path, message: detail }],
            });
          }
          case 'busy':
            return problem('busy', 'Other changes of these settings came between. Try again.', {
              headers: { 'Retry-After': '1' },
            });
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
