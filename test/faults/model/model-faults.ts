import type { FailureCode } from '../../../src/domain/failures.ts';
import { type TwinStep, twinMarker } from '../../support/provider-twin.ts';

/** A way in which a tenant's chat model fails. */
export interface ModelFault {
  readonly name: string;
  readonly code: FailureCode;
  /** `stays`: no retry mends it. `passes`: the next call is good. `waits`: the provider has named an hour. */
  readonly kind: 'stays' | 'passes' | 'waits';
  /** What the provider does with the first requests, and where nothing else is said with all others. */
  readonly steps: readonly TwinStep[];
  readonly otherwise?: TwinStep;
  /** The calls of a fault that stays, where it is asked about more than once. */
  readonly calls?: number;
  /** Needs the machine for itself: unpacking takes longer than the time-out where many others are busy. */
  readonly isHeavy?: true;
}

const status = (number: number, headers?: Readonly<Record<string, string>>): TwinStep => ({
  kind: 'status',
  status: number,
  ...(headers === undefined ? {} : { headers }),
});
/** A refusal in the vendor's form, with words in every field that is one. */
const refusal = (number: number, type: string, words: string): TwinStep => ({
  kind: 'status',
  status: number,
  body: { type: 'error', error: { type, message: `${words} ${twinMarker}` }, request_id: twinMarker },
  headers: { 'request-id': twinMarker, 'x-words': twinMarker },
});
const raw = (body: string, headers: Readonly<Record<string, string>> = {}): TwinStep => ({
  kind: 'raw',
  body,
  headers,
});

const stays = (
  name: string,
  step: TwinStep,
  code: FailureCode,
  more: Partial<ModelFault> = {},
): ModelFault => ({
  ...{ name, code, kind: 'stays', steps: [], otherwise: step, ...more },
});
const once = (
  name: string,
  step: TwinStep,
  code: FailureCode,
  more: Partial<ModelFault> = {},
): ModelFault => ({
  ...{ name: `${name}, once`, code, kind: 'passes', steps: [step], ...more },
});

/** Every way that the model of a tenant can fail. */
export const modelFaults: readonly ModelFault[] = [
  stays('401', refusal(401, 'authentication_error', 'invalid x-api-key'), 'credential_rejected'),
  stays('403', refusal(403, 'permission_error', 'no permission'), 'permission_denied'),
  stays(
    'no credit',
    refusal(400, 'invalid_request_error', 'Your credit balance is too low'),
    'quota_exhausted',
  ),
  stays('404', refusal(404, 'not_found_error', 'model: gone'), 'model_not_found'),
  stays('400', refusal(400, 'invalid_request_error', 'no'), 'input_rejected'),
  stays('413', refusal(413, 'request_too_large', 'too many bytes'), 'input_rejected'),
  stays('a refusal', { kind: 'ok', stopReason: 'refusal', says: twinMarker }, 'answer_refused'),
  stays('half of an answer', { kind: 'ok', stopReason: 'max_tokens', says: `{"${twinMarker}` }, 'answer_cut'),
  stays('words for JSON', { kind: 'ok', says: `I would say: ${twinMarker}` }, 'malformed_response', {
    calls: 2,
  }),
  once('words for JSON', { kind: 'ok', says: twinMarker }, 'malformed_response'),
  once('another shape', { kind: 'ok', says: JSON.stringify({ words: twinMarker }) }, 'malformed_response'),
  once(
    'a web page',
    raw(`<html>${twinMarker}</html>`, { 'content-type': 'text/html' }),
    'malformed_response',
  ),
  once('broken JSON', raw(`{"content": [${twinMarker}`), 'malformed_response'),
  once('bad gzip', raw(`${twinMarker} is no gzip`, { 'content-encoding': 'gzip' }), 'malformed_response'),
  once('65 MB in 65 kB of gzip', { kind: 'flood', bytes: 65 * 1024 * 1024 }, 'malformed_response', {
    isHeavy: true,
  }),
  once('500', refusal(500, 'api_error', 'Internal server error'), 'provider_unavailable'),
  once('529', refusal(529, 'overloaded_error', 'Overloaded'), 'provider_unavailable'),
  once('cut at its first byte', { kind: 'cut', after: 'byte' }, 'provider_unavailable'),
  once('cut in its answer', { kind: 'cut', after: 'half' }, 'provider_unavailable'),
  once('408', status(408), 'provider_timeout'),
  once('no answer', { kind: 'hang' }, 'provider_timeout'),
  once('a trickle', { kind: 'trickle' }, 'provider_timeout'),
  once('429 with Retry-After 1', status(429, { 'retry-after': '1' }), 'provider_rate_limited'),
  {
    ...{ name: '429 with Retry-After of an hour', code: 'provider_rate_limited', kind: 'waits', steps: [] },
    otherwise: status(429, { 'retry-after': '3600' }),
  },
];
