import type { FailureCode } from '../../src/domain/failures.ts';
import type { RefusalHint } from '../../src/providers/wire/refusal-hint.ts';

/** What a refusal is, whatever words it has. */
export type RefusalKind = keyof typeof meanings;

/** What each kind of a refusal comes to: its code, and what callers inside the service learn of it. */
export const meanings = {
  'bad key': { code: 'credential_rejected' },
  model: { code: 'model_not_found' },
  permission: { code: 'permission_denied' },
  bill: { code: 'quota_exhausted' },
  rate: { code: 'provider_rate_limited' },
  'quota of the day': { code: 'quota_exhausted', hint: 'daily_quota' },
  'too many inputs': { code: 'input_rejected', hint: 'too_many_inputs' },
  'too many tokens': { code: 'input_rejected', hint: 'too_many_tokens' },
  input: { code: 'input_rejected', hint: 'input' },
  field: { code: 'input_rejected', hint: 'parameter' },
  passing: { code: 'provider_unavailable' },
  timeout: { code: 'provider_timeout' },
  'failing server': { code: 'provider_unavailable', hint: 'server_error' },
  page: { code: 'provider_unavailable' },
} as const satisfies Record<string, { code: FailureCode; hint?: RefusalHint['kind'] }>;

export interface RecordedRefusal {
  readonly kind: RefusalKind;
  readonly status: number;
  /** JSON, or a text that is sent as it stands. */
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Of a refused field: its name. */
  readonly field?: string;
}

/** The answers of one vendor, written down from its documents and from what its users report. */
export interface RecordedVendor {
  /** The entry of the catalogue. */
  readonly vendor: string;
  /** A good answer to a request with two texts, and what is read of it. */
  readonly good: {
    readonly body: unknown;
    /** Whether its vectors are numbered. */
    readonly index: boolean;
    /** The field with the tokens, and how many; null where the answer tells none. */
    readonly usage: readonly ['prompt_tokens' | 'total_tokens', number] | null;
  };
  readonly refusals: readonly RecordedRefusal[];
}

/** The vectors of a good answer. */
export const vectors = [
  [0.5, -0.25, 0.125, 0.75],
  [-0.375, 0.5, 0.625, 0.25],
] as const;

/** The items of a good answer as OpenAI sends them. */
export const numbered = vectors.map((embedding, index) => ({ object: 'embedding', index, embedding }));

/** A page that a firewall or a gateway puts in the place of an answer. */
export const page = (status: number, title: string): RecordedRefusal => ({
  kind: 'page',
  status,
  headers: { 'content-type': 'text/html; charset=utf-8' },
  body: `<!doctype html><html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>`,
});

/** A refusal in one of the kinds. */
export const refusal = (
  kind: Exclude<RefusalKind, 'field' | 'page'>,
  status: number,
  body: unknown,
  headers?: Readonly<Record<string, string>>,
): RecordedRefusal => ({ kind, status, body, ...(headers === undefined ? {} : { headers }) });

/** A refusal of a field of the request. */
export const refusedField = (field: string, status: number, body: unknown): RecordedRefusal => ({
  kind: 'field',
  field,
  status,
  body,
});
