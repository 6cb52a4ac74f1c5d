import { numbered, page, type RecordedVendor, refusal, refusedField } from './recorded-vendor.ts';

const error = (code: string | null, message: string, more: object = {}) => ({
  error: { message, type: 'invalid_request_error', param: null, code, ...more },
});

export const openai: RecordedVendor = {
  vendor: 'openai',
  good: {
    body: {
      object: 'list',
      data: numbered,
      model: 'text-embedding-3-small',
      usage: { prompt_tokens: 14, total_tokens: 14 },
    },
    index: true,
    usage: ['prompt_tokens', 14],
  },
  refusals: [
    refusal('bad key', 401, error('invalid_api_key', 'Incorrect API key provided: sk-ab****wxyz.')),
    refusal('bad key', 401, error('account_deactivated', 'This account is not active any more.')),
    refusal('model', 404, error('model_not_found', 'The model `text-embedding-4` does not exist.')),
    // The model answers chats only. The refusal has no code.
    refusal('model', 403, error(null, 'You are not allowed to generate embeddings from this model')),
    refusal(
      'permission',
      401,
      error(null, 'You have insufficient permissions for this operation. Missing scopes: model.request.'),
    ),
    refusal(
      'permission',
      403,
      error('unsupported_country_region_territory', 'Country, region, or territory not supported', {
        type: 'request_forbidden',
      }),
    ),
    refusal(
      'bill',
      429,
      error('insufficient_quota', 'You exceeded your current quota.', { type: 'insufficient_quota' }),
    ),
    refusal('bill', 400, error('billing_hard_limit_reached', 'The hard limit of the billing is reached.')),
    refusal(
      'rate',
      429,
      error('rate_limit_exceeded', 'Rate limit reached on tokens per min (TPM): Limit 1000000.', {
        type: 'tokens',
      }),
      {
        'retry-after-ms': '58620',
        'x-ratelimit-remaining-tokens': '0',
        'x-ratelimit-reset-tokens': '58.62s',
      },
    ),
    refusal(
      'quota of the day',
      429,
      error('rate_limit_exceeded', 'Rate limit reached on requests per day (RPD): Limit 200, Used 200.', {
        type: 'requests',
      }),
    ),
    refusal(
      'too many inputs',
      400,
      error('array_above_max_length', "Invalid 'input': array too long. Expected at most 2048 elements.", {
        param: 'input',
      }),
    ),
    refusal(
      'too many tokens',
      400,
      error('max_tokens_per_request', 'Requested 320000 tokens, max 300000 tokens per request', {
        type: 'max_tokens_per_request',
      }),
    ),
    refusal(
      'too many tokens',
      400,
      error(null, "This model's maximum context length is 8192 tokens, but 9001 were requested."),
    ),
    refusal('input', 400, error(null, "'$.input' is invalid.")),
    refusedField('dimensions', 400, error(null, 'This model does not support specifying dimensions.')),
    refusal('failing server', 500, error(null, 'The server had an error.', { type: 'server_error' })),
    refusal('passing', 503, error(null, 'The engine is overloaded.', { type: 'server_error' })),
    page(403, 'Just a moment'),
    page(502, 'Bad gateway'),
  ],
};
