import { numbered, type RecordedVendor, refusal, refusedField } from './recorded-vendor.ts';

const error = (type: string, code: string | number | null, message: string) => ({
  object: 'error',
  message,
  type,
  param: null,
  code,
});

export const mistral: RecordedVendor = {
  vendor: 'mistral',
  good: {
    body: {
      id: '4c5b6a',
      object: 'list',
      data: numbered,
      model: 'mistral-embed',
      usage: { prompt_audio_seconds: null, prompt_tokens: 16, total_tokens: 16, completion_tokens: 0 },
    },
    index: true,
    usage: ['prompt_tokens', 16],
  },
  refusals: [
    refusal('bad key', 401, { detail: 'Unauthorized' }),
    refusal('model', 400, error('invalid_model', '1500', 'Invalid model: mistral-gone')),
    refusal('bill', 402, { detail: 'No active subscription.' }),
    refusal('rate', 429, error('rate_limited', '1300', 'Rate limit exceeded'), {
      'x-ratelimit-remaining-req-minute': '0',
    }),
    refusal(
      'too many tokens',
      400,
      error('invalid_request_prompt', 3210, 'Too many tokens overall, split into more batches.'),
    ),
    refusal(
      'too many tokens',
      400,
      error('invalid_request_prompt', 3210, 'Input id 0 has 9120 tokens, exceeding max 8192 tokens.'),
    ),
    refusedField('dimensions', 422, {
      object: 'error',
      message: {
        detail: [
          {
            type: 'extra_forbidden',
            loc: ['body', 'dimensions'],
            msg: 'Extra inputs are not permitted',
            input: 256,
          },
        ],
      },
      type: 'invalid_request_error',
      param: null,
      code: null,
    }),
    refusal('input', 422, {
      detail: [
        {
          type: 'string_unicode',
          loc: ['body', 'input', 'list[str]', 1],
          msg: 'Input should be a valid string, unable to parse raw data as a unicode string',
        },
      ],
    }),
    refusal('passing', 503, error('service_unavailable', '3505', 'The service is unavailable.')),
  ],
};
