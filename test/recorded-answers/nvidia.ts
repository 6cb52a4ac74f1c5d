import { numbered, type RecordedVendor, refusal, refusedField } from './recorded-vendor.ts';

export const nvidia: RecordedVendor = {
  vendor: 'nvidia',
  good: {
    body: {
      object: 'list',
      data: numbered,
      model: 'nvidia/llama-nemotron-embed-1b-v2',
      usage: { prompt_tokens: 18, total_tokens: 18 },
    },
    index: true,
    usage: ['prompt_tokens', 18],
  },
  refusals: [
    refusal('bad key', 401, { status: 401, title: 'Unauthorized', detail: 'Authentication failed' }),
    refusal('model', 404, {
      status: 404,
      title: 'Not Found',
      detail: "Function 'a1': Not found for account 'b2'",
    }),
    refusal('permission', 403, { status: 403, title: 'Forbidden', detail: 'Authorization failed' }),
    refusal('bill', 402, {
      status: 402,
      title: 'Payment Required',
      detail: 'The cloud credits have expired',
    }),
    refusal('rate', 429, { status: 429, title: 'Too Many Requests' }),
    refusal('too many tokens', 400, {
      error: "Input length 700 exceeds maximum allowed token size 512 for model 'nv-embedqa-e5-v5'",
    }),
    refusedField('dimensions', 400, {
      object: 'error',
      message:
        "Your request cannot be validated. detail={'type': 'extra_forbidden', 'loc': ('body', 'dimensions'), 'msg': 'Extra inputs are not permitted', 'input': 1024}",
      type: 'invalid_request_error',
    }),
    refusal('input', 400, { error: 'The input holds an empty text' }),
    refusal('passing', 502, { status: 502, title: 'Bad Gateway' }),
    refusal('timeout', 504, { status: 504, title: 'Gateway Timeout' }),
  ],
};
