import { type FailureCode, failureCodes, failureTraits } from '../domain/failures.ts';
import type { Provider } from '../domain/operations.ts';
import { type Problem, problem } from '../platform/http/problem.ts';
import { type Reply, reply } from '../platform/http/route.ts';
import type { AddressRefusal } from './allowed-address.ts';
import type { Notice } from './plan-change.ts';
import type { SettingsTrial, SettingsUpdate } from './settings.ts';
import { presentTriedCall } from './tried-call.ts';
import type { RefusedCall } from './try-change.ts';

/**
 * A sealed or restarted Vault, or a provider that fails, is back within seconds or once somebody acts. A client that retries this
 * often does no harm.
 */
const retryAfterSeconds = 5;

/** Why an address is not allowed. None of these names what a host resolves to. */
const addressRefusals: Readonly<Record<AddressRefusal, string>> = {
  http: 'It is an http address, and this installation allows https only.',
  port: 'No call can go to its port.',
  private: 'Its host leads to a private address, and this installation allows public ones only.',
  not_listed:
    "It is not a listed address, and this installation allows the listed providers' own addresses only.",
};

const addressForbidden = (reason: AddressRefusal) =>
  `${addressRefusals[reason]} The operator's PROVIDER_URLS decides. Choose another provider or address.`;

/** No breaker and no waiting vectors refuse a trial call, and it is about no document. */
const noTrialCodes = [
  ...(['circuit_open', 'vectors_pending', 'rerank_unsupported', 'internal'] as const),
  ...(['url_forbidden', 'url_unreachable', 'unsupported_content', 'document_too_large'] as const),
  ...(['answer_refused', 'answer_cut'] as const),
] satisfies FailureCode[];

/** The codes that a change answers when a call with it does not work. */
export const refusedCallCodes = failureCodes.filter(
  (code): code is Exclude<FailureCode, (typeof noTrialCodes)[number]> =>
    !noTrialCodes.some((other) => other === code),
);

/** The answer of a change. Most changes have no notices, and then it is the plain view. */
export function answerUpdate(updated: SettingsUpdate): Reply | Problem {
  switch (updated.kind) {
    case 'updated':
      return reply(200, { ...updated.view, ...presentNotices(updated.notices) });
    case 'refused':
      return answerRefused(updated);
    case 'busy':
      return problem('busy', 'Other changes of these settings came between. Try again.', {
        headers: { 'Retry-After': '1' },
      });
    default:
      return answerRefusal(updated);
  }
}

/** The answer of a dry run: the results of the calls, where calls were made at all. */
export function answerDryRun(trial: SettingsTrial): Reply | Problem {
  if (trial.kind !== 'tried') return answerRefusal(trial);
  const { embedding, anthropic } = trial.calls;
  return reply(200, {
    data: {
      ...(embedding && { embedding: presentTriedCall(embedding) }),
      ...(anthropic && { anthropic: presentTriedCall(anthropic) }),
    },
    ...presentNotices(trial.notices),
  });
}

function answerRefusal(refusal: Exclude<SettingsTrial, { kind: 'tried' }>): Problem {
  switch (refusal.kind) {
    case 'invalid':
      return problem(
        'validation_failed',
        `Invalid: ${refusal.errors.map(({ path: field }) => field).join(', ')}.`,
        { errors: refusal.errors },
      );
    case 'forbidden': {
      const detail = addressForbidden(refusal.reason);
      return problem('address_forbidden', detail, { errors: [{ path: refusal.path, message: detail }] });
    }
    case 'failed':
      return problem(
        refusal.code,
        'The keys cannot be stored safely now, so nothing was changed. Try again.',
        { headers: { 'Retry-After': String(retryAfterSeconds) } },
      );
    default:
      return refusal satisfies never;
  }
}

const namesOf: Readonly<Record<Provider, string>> = {
  embedding: 'embedding provider',
  anthropic: 'Anthropic account',
};

function answerRefused({ provider, call, path }: RefusedCall): Problem {
  const { httpStatus, title } = failureTraits[call.code];
  const retryAfterMs = call.retryAfterMs ?? retryAfterSeconds * 1_000;
  const message = `A call with these settings did not work: ${title.charAt(0).toLowerCase()}${title.slice(1)}.`;
  return problem(
    call.code,
    `A call to the tenant’s ${namesOf[provider]} with these settings did not work, so nothing was changed.`,
    {
      errors: [{ path, message }],
      ...(httpStatus === 503 && { headers: { 'Retry-After': String(Math.ceil(retryAfterMs / 1_000)) } }),
    },
  );
}

const presentNotices = (notices: readonly Notice[]) =>
  notices.length === 0 ? {} : { notices: [...notices] };
