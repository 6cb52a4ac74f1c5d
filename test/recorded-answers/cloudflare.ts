import { numbered, page, type RecordedVendor, refusal } from './recorded-vendor.ts';

const error = (code: number, message: string) => ({
  success: false,
  errors: [{ code, message }],
  messages: [],
  result: null,
});

export const cloudflare: RecordedVendor = {
  vendor: 'cloudflare',
  good: {
    body: {
      object: 'list',
      data: numbered,
      model: '@cf/baai/bge-m3',
      usage: { prompt_tokens: 0, total_tokens: 0 },
    },
    index: true,
    usage: null,
  },
  refusals: [
    refusal('bad key', 401, error(10_000, 'Authentication error')),
    refusal('bad key', 400, error(10_000, 'Authentication error')),
    refusal('model', 400, error(5007, 'No such model @cf/nobody/none or task')),
    refusal('model', 404, error(3042, 'The model name is invalid')),
    refusal('permission', 403, error(5018, 'The account is not allowed to access this resource')),
    refusal('permission', 403, error(3023, 'Service unavailable for account')),
    refusal(
      'quota of the day',
      429,
      error(3036, 'you have used up your daily free allocation of 10,000 neurons'),
    ),
    refusal('rate', 429, error(3040, 'No more data centers to forward the request to')),
    refusal('too many tokens', 413, error(3006, 'Request is too large')),
    refusal('timeout', 408, error(3007, 'Request timeout')),
    refusal('input', 400, error(5006, "Error: required properties are missing at '/': 'text'")),
    refusal('passing', 403, 'error code: 1020', { 'content-type': 'text/plain' }),
    page(403, 'Attention required'),
  ],
};
