import { numbered, page, type RecordedVendor, refusal } from './recorded-vendor.ts';

const error = (code: string | null, message: string, type = 'invalid_request_error') => ({
  id: 'o1',
  error: { message, type, param: null, code },
});

export const together: RecordedVendor = {
  vendor: 'together',
  good: {
    // Nothing tells the tokens.
    body: { object: 'list', model: 'intfloat/multilingual-e5-large-instruct', data: numbered },
    index: true,
    usage: null,
  },
  refusals: [
    refusal('bad key', 401, error('invalid_api_key', 'Invalid API key provided.')),
    refusal('model', 400, error('model_not_available', 'Unable to access model nobody/none.')),
    refusal('model', 404, error('model_not_found', 'The model nobody/none does not exist.')),
    refusal('bill', 402, error('credit_limit_exceeded', 'Credit limit exceeded.', 'credit_limit')),
    refusal('rate', 429, error(null, 'Too many requests, the limit is 60 a minute.', 'rate_limit'), {
      'x-ratelimit-reset': '60',
    }),
    refusal(
      'too many tokens',
      400,
      error(null, 'Input validation error: `inputs` must have less than 515 tokens'),
    ),
    refusal('input', 400, error(null, 'Input validation error: `inputs` cannot be empty')),
    refusal('passing', 503, error(null, 'The engine is overloaded.', 'service_unavailable')),
    page(403, 'Access denied'),
  ],
};
