import type { Failure, FailureCode } from '../../domain/failures.ts';
import { inputHintOf } from './input-hint.ts';
import { type RefusalBody, readRefusalBody } from './refusal-body.ts';
import type { RefusalHint } from './refusal-hint.ts';
import { sentenceStarts } from './refusal-message.ts';
import { codeOfPhrase, namesDay } from './refusal-phrases.ts';
import { createWordList, generalWords, preciseWords, type WordList } from './refusal-words.ts';
import { type ReadableHeaders, readRetryAfter } from './retry-after.ts';
import { codeOfShape } from './word-shapes.ts';

/** A provider's refusal, as it came. */
export interface ProviderRefusal {
  readonly status: number;
  /** Parsed where it is JSON, or else its text. It is compared with known words, and nothing of it is kept. */
  readonly body: unknown;
  /** For the wait that the provider asks for. */
  readonly headers: ReadableHeaders;
  /** By default the header's. */
  readonly contentType?: string | null;
  /** The words of this vendor alone, which come before those that all vendors share. */
  readonly vendorWords?: Readonly<Record<string, FailureCode>>;
}

/** A refusal as its code, with what callers inside the service need to know beyond it. */
export type Refusal = Failure & { readonly hint?: RefusalHint };

const precise = createWordList(preciseWords);
const general = createWordList(generalWords);
const noWords: WordList = () => undefined;

/**
 * Maps a refusal to a code of the failure table: by its words at any depth of the body, then by its status, then by its content
 * type. Any status, body and headers have a code. `nowMs` is the time from which an absolute reset time is counted.
 */
export function classifyRefusal(refusal: ProviderRefusal, nowMs: number = Date.now()): Refusal {
  const body = readRefusalBody(refusal.body);
  const code = codeOf(refusal, body);
  const hint = hintOf(code, refusal.status, body);
  const asked =
    code === 'provider_rate_limited' ? readRetryAfter(refusal.headers, nowMs, body.retryAfterMs) : undefined;
  return {
    code,
    ...(asked === undefined ? {} : { retryAfterMs: asked }),
    ...(hint === undefined ? {} : { hint }),
  };
}

function codeOf(refusal: ProviderRefusal, body: RefusalBody): FailureCode {
  const { status, vendorWords } = refusal;
  const byVendor = vendorWords === undefined ? noWords : createWordList(vendorWords);
  // A redirect is not followed, because the key is sent only to the host that it was set for.
  if (!(status >= 400) && !isSuccess(status)) return 'malformed_response';
  if (status >= 500) return codeOfBrokenServer(status, body);

  // The bill comes before anything else that a 402 says.
  if (status === 402 && !isPage(refusal)) return byVendor(body.words) ?? 'quota_exhausted';

  const exact = byVendor(body.words) ?? precise(body.words) ?? codeOfShape(body.words);
  if (exact !== undefined) return exact;
  const told = bySentence(status, body);
  if (told !== undefined) return told;
  if (isSuccess(status)) return body.status === undefined ? 'malformed_response' : byStatus(body.status);
  if (body.fields.includes('model') && [400, 403, 422].includes(status)) return 'model_not_found';

  const passing = byPassingStatus(status);
  if (passing !== undefined) return passing;
  const kind = general(body.words);
  if (kind !== undefined) return kind;
  // Gateways hand a refusal on as 400, with its status in the body.
  const meant = status === 400 && body.status !== undefined && body.status < 500 ? body.status : status;
  // A page is a firewall's or a gateway's. Only what a gateway means by a limit is what a provider means by it.
  if (isPage(refusal) && ![413, 429].includes(status)) return 'provider_unavailable';
  if (status === 400 && body.words.includes('failedprecondition')) return 'permission_denied';
  return byPassingStatus(meant) ?? byStatus(meant);
}

const isSuccess = (status: number) => status >= 200 && status < 300;

/** A server that is broken is so whatever it says, except that a model does not embed: waiting does not mend that. */
function codeOfBrokenServer(status: number, body: RefusalBody): FailureCode {
  if (status === 504 || general(body.words) === 'provider_timeout') return 'provider_timeout';
  return status === 501 && bySentence(status, body) === 'model_not_found'
    ? 'model_not_found'
    : 'provider_unavailable';
}

/** The code by the beginning of a message, and by a day's limit wherever a 429 names it: a 429 quotes no article. */
function bySentence(status: number, body: RefusalBody): FailureCode | undefined {
  if (status === 429 && isDaily(body)) return 'quota_exhausted';
  if (status === 429 && body.quotas.some((quota) => /per(month|year)/i.test(quota))) return 'quota_exhausted';
  if (status === 413) return undefined;
  const mayQuoteInput = [400, 404, 409, 422].includes(status) || isSuccess(status);
  // Google says "exceeded your current quota" of a minute's limit, too.
  const isLimit = status === 429 && body.words.includes('resourceexhausted');
  for (const message of body.messages) {
    const code = codeOfPhrase(message, sentenceStarts(message, mayQuoteInput));
    if (code === undefined) continue;
    if (code === 'quota_exhausted' && isLimit && !namesBill(message)) continue;
    // Words about a key or a model beside these statuses speak of the limit or the path.
    if (status === 429 && code !== 'quota_exhausted') continue;
    if (status === 404 && code === 'credential_rejected') continue;
    return code;
  }
  return undefined;
}

/** Whether a message of a limit speaks of money after all, beyond the standing advice to look at "your plan and billing details". */
const namesBill = (message: string) =>
  !/current quota/i.test(message) &&
  /credit|billing|spend|prepa|budget|balance|payment|monthly/i.test(message);

/** Whether a limit of a day is meant. Quotas by name say it exactly; without them the words do. */
const isDaily = ({ quotas, messages, words }: RefusalBody) =>
  quotas.length > 0
    ? quotas.some(namesDay)
    : messages.some(namesDay) || words.some((word) => /perday|daily|byday/.test(word));

const byPassingStatus = (status: number): FailureCode | undefined =>
  [409, 421, 424, 425, 499].includes(status)
    ? 'provider_unavailable'
    : status === 408
      ? 'provider_timeout'
      : undefined;

function byStatus(status: number): FailureCode {
  if (status >= 500) return status === 504 ? 'provider_timeout' : 'provider_unavailable';
  switch (status) {
    case 401:
      return 'credential_rejected';
    case 402:
      return 'quota_exhausted';
    case 403:
      return 'permission_denied';
    case 404:
      return 'model_not_found';
    case 429:
      return 'provider_rate_limited';
    default:
      return 'input_rejected';
  }
}

/** Whether the refusal is a page for people, or the line of a firewall, and not an answer of the API. */
function isPage({ contentType, headers, body }: ProviderRefusal): boolean {
  if (/\b(?:text\/html|application\/xhtml\+xml)\b/i.test(contentType ?? headers.get('content-type') ?? ''))
    return true;
  return (
    typeof body === 'string' &&
    /^\s*(?:<!doctype html|<html|error code: 1\d{3}\b|rbac: access denied)/i.test(body.slice(0, 200))
  );
}

function hintOf(code: FailureCode, status: number, body: RefusalBody): RefusalHint | undefined {
  if (status === 500) return { kind: 'server_error' };
  if (code === 'quota_exhausted' && isDaily(body)) return { kind: 'daily_quota' };
  if (code !== 'input_rejected') return undefined;
  const hint = inputHintOf(body, status);
  return hint.kind !== 'input' || mayBeOfTexts(status) ? hint : undefined;
}

/** Whether a refusal of this status may be about the texts. Others, such as 405 and 415, are about the address or the request. */
const mayBeOfTexts = (status: number) => [400, 403, 404, 413, 422].includes(status) || isSuccess(status);
