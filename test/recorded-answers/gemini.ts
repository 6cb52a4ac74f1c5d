import { type RecordedVendor, refusal, refusedField, vectors } from './recorded-vendor.ts';

/** The errors of the compatible API come in an array. */
const error = (code: number, status: string, message: string, details: readonly object[] = []) => [
  { error: { code, message, status, details } },
];
const reason = (name: string) => ({
  '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
  reason: name,
  domain: 'googleapis.com',
});
const quota = (quotaId: string) => ({
  '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
  violations: [
    { quotaMetric: 'generativelanguage.googleapis.com/embed_content_free_tier_requests', quotaId },
  ],
});
const retry = (retryDelay: string) => ({ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay });
const exceeded = 'You exceeded your current quota, please check your plan and billing details.';

export const gemini: RecordedVendor = {
  vendor: 'gemini',
  good: {
    // Nothing numbers the vectors, and the usage may be zero.
    body: {
      object: 'list',
      data: vectors.map((embedding) => ({ object: 'embedding', embedding })),
      model: 'models/gemini-embedding-001',
      usage: { prompt_tokens: 0, total_tokens: 0 },
    },
    index: false,
    usage: null,
  },
  refusals: [
    refusal(
      'bad key',
      400,
      error(400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.', [
        reason('API_KEY_INVALID'),
      ]),
    ),
    refusal('bad key', 403, error(403, 'PERMISSION_DENIED', 'Your API key was reported as leaked.')),
    refusal('model', 404, error(404, 'NOT_FOUND', 'models/gone-001 is not found for API version v1main.')),
    refusal(
      'permission',
      403,
      error(403, 'PERMISSION_DENIED', 'The API has not been used in this project, or it is disabled.', [
        reason('SERVICE_DISABLED'),
      ]),
    ),
    refusal(
      'permission',
      403,
      error(403, 'PERMISSION_DENIED', 'Requests from this referer are blocked.', [
        reason('API_KEY_HTTP_REFERRER_BLOCKED'),
      ]),
    ),
    refusal(
      'permission',
      400,
      error(400, 'FAILED_PRECONDITION', 'User location is not supported for the API use.'),
    ),
    refusal('bill', 429, error(429, 'RESOURCE_EXHAUSTED', 'Your prepayment credits are depleted.')),
    refusal(
      'rate',
      429,
      error(429, 'RESOURCE_EXHAUSTED', exceeded, [
        quota('EmbedContentRequestsPerMinutePerUserPerProjectPerModel-FreeTier'),
        retry('21s'),
      ]),
    ),
    refusal(
      'quota of the day',
      429,
      error(429, 'RESOURCE_EXHAUSTED', exceeded, [
        quota('EmbedContentRequestsPerDayPerUserPerProjectPerModel-FreeTier'),
      ]),
    ),
    refusal(
      'too many inputs',
      400,
      error(
        400,
        'INVALID_ARGUMENT',
        '* BatchEmbedContentsRequest.requests: at most 100 requests can be in one batch',
      ),
    ),
    refusal(
      'too many tokens',
      400,
      error(
        400,
        'INVALID_ARGUMENT',
        'The input token count (20100) exceeds the maximum number of tokens allowed (20000).',
      ),
    ),
    refusal('input', 400, error(400, 'INVALID_ARGUMENT', 'Request contains an invalid argument.')),
    refusedField(
      'encoding_format',
      400,
      error(
        400,
        'INVALID_ARGUMENT',
        'Invalid JSON payload received. Unknown name "encoding_format": Cannot find field.',
      ),
    ),
    refusal('passing', 503, error(503, 'UNAVAILABLE', 'The model is overloaded.')),
    refusal('timeout', 504, error(504, 'DEADLINE_EXCEEDED', 'The deadline has passed.')),
  ],
};
