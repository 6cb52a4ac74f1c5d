import { numbered, type RecordedVendor, refusal, refusedField } from './recorded-vendor.ts';

const error = (code: number, type: string, message: string) => ({
  object: 'error',
  message,
  type,
  param: null,
  code,
});

export const vllm: RecordedVendor = {
  vendor: 'vllm',
  good: {
    body: {
      id: 'embd-1',
      object: 'list',
      created: 1_770_000_000,
      model: 'BAAI/bge-m3',
      data: numbered,
      usage: { prompt_tokens: 13, total_tokens: 13, completion_tokens: 0, prompt_tokens_details: null },
    },
    index: true,
    usage: ['prompt_tokens', 13],
  },
  refusals: [
    refusal('bad key', 401, { error: 'Unauthorized' }),
    refusal('model', 404, error(404, 'NotFoundError', 'The model `none` does not exist.')),
    refusal('model', 400, error(400, 'BadRequestError', 'The model does not support Embeddings API')),
    refusal(
      'too many tokens',
      400,
      error(400, 'BadRequestError', "This model's maximum context length is 512 tokens, but 700 were sent."),
    ),
    refusedField(
      'dimensions',
      400,
      error(400, 'BadRequestError', 'Model "m" does not support matryoshka representation.'),
    ),
    refusedField(
      'input_type',
      400,
      error(
        400,
        'BadRequestError',
        "[{'type': 'extra_forbidden', 'loc': ('body', 'input_type'), 'msg': 'Extra inputs are not permitted'}]",
      ),
    ),
    refusal('failing server', 500, error(500, 'InternalServerError', 'the engine has failed')),
    refusal('passing', 503, ''),
  ],
};
