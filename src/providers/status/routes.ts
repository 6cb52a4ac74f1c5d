import { z } from 'zod';
import { failureCodes, guidanceOf, isFailureCode } from '../../domain/failures.ts';
import { providers } from '../../domain/operations.ts';
import { keyStatuses } from '../../llm-config/key-status.ts';
import { presentTriedCall, triedSchemas } from '../../llm-config/tried-call.ts';
import { optionalGuidanceShape } from '../../platform/http/guidance.ts';
import { type Route, reply, route } from '../../platform/http/route.ts';
import { breakerStates } from '../breaker/breaker-states.ts';
import { limitedBys } from '../limits/limit-state.ts';
import type { ProviderState, ProviderStates } from './provider-states.ts';
import type { KeyVerification } from './verification.ts';

const code = z.enum(failureCodes);
const time = z.iso.datetime().nullable();

const verificationReply = z.object({ data: z.object(triedSchemas).meta({ id: 'KeyVerification' }) });

const stateView = z
  .object({
    state: z
      .enum(breakerStates)
      .describe('Also `open` while only calls that a person waits for are refused, as too slow for them'),
    failures: z.int().describe('Failures that the breaker counts now, or that opened it'),
    open_until: time,
    key_status: z.enum(keyStatuses),
    last_error_code: code.nullable().describe('Of the last call that failed with the current key'),
    last_error_at: time,
    limited: z
      .object({
        by: z
          .enum(limitedBys)
          .describe(
            '`requests` and `tokens`: too little is left; `provider`: it has refused a call; `quota`: bill or quota',
          ),
        until: z.iso.datetime().describe('When a call is made again'),
      })
      .optional()
      .describe('Why no call is made with the current key now, although the breaker is closed'),
    ...optionalGuidanceShape,
  })
  .meta({ id: 'ProviderState' });

const statesReply = z.object({ data: z.object({ embedding: stateView, anthropic: stateView }) });
const stateReply = z.object({ data: stateView });

/** The routes of a tenant's providers. */
export function providerRoutes(deps: {
  readonly verification: KeyVerification;
  readonly providerStates: ProviderStates;
}): Route[] {
  return [
    route({
      method: 'post',
      path: '/tenants/me/llm-config/verify',
      role: 'user',
      tag: 'Provider settings',
      summary: 'Try the stored keys',
      description:
        'Makes one real call with each stored key, billed to its owner: a short text to embed, a message of one token. ' +
        'A key that the provider accepts becomes `verified`, even after a rejection, and what it blocked goes on. ' +
        'A call that fails does not fail the request: `ok` is false and `code` says why.',
      idempotent: true,
      replies: { 200: { description: 'The result of each call', schema: verificationReply } },
      problems: [],
      handle: async ({ actor }) => {
        const { embedding, anthropic } = await deps.verification.verify(actor.tenantId, actor.keyId);
        return reply(200, {
          data: { embedding: presentTriedCall(embedding), anthropic: presentTriedCall(anthropic) },
        });
      },
    }),

    route({
      method: 'get',
      path: '/tenants/me/providers',
      role: 'orchestrator',
      tag: 'Provider settings',
      summary: "Read the states of the tenant's providers",
      replies: { 200: { description: 'Breaker, key and last error of each provider', schema: statesReply } },
      problems: [],
      handle: async ({ actor }) => {
        const { embedding, anthropic } = await deps.providerStates.view(actor.tenantId);
        return reply(200, { data: { embedding: present(embedding), anthropic: present(anthropic) } });
      },
    }),

    route({
      method: 'post',
      path: '/tenants/me/providers/:provider/reset',
      role: 'user',
      tag: 'Provider settings',
      summary: "Close the tenant's breaker",
      description:
        'For a provider that recovers before its breaker would try it, and for a quota that is there again. A pause of the ' +
        'key ends, too. Articles that wait for either go on. Breakers of other tenants do not change.',
      params: z.object({ provider: z.enum(providers) }),
      idempotent: true,
      replies: { 200: { description: 'The provider as it is now', schema: stateReply } },
      problems: [],
      handle: async ({ actor, params, once }) => {
        const answer = (state: ProviderState) => reply(200, { data: present(state) });
        return answer(await deps.providerStates.reset(actor, params.provider, once(answer)));
      },
    }),
  ];
}

function present(state: ProviderState) {
  return {
    state: state.state,
    failures: state.failures,
    open_until: state.openUntil?.toISOString() ?? null,
    key_status: state.keyStatus,
    last_error_code: state.lastErrorCode,
    last_error_at: state.lastErrorAt?.toISOString() ?? null,
    ...(state.limited && { limited: { by: state.limited.by, until: state.limited.until.toISOString() } }),
    // The ledger's codes, and `abandoned` where the process ended during the call.
    ...(isFailureCode(state.lastErrorCode) ? guidanceOf(state.lastErrorCode) : {}),
  };
}
