import { numbered, type RecordedVendor, refusal } from './recorded-vendor.ts';

const error = (type: string, message: string) => ({ error: { message, type, param: null, code: null } });

export const ollama: RecordedVendor = {
  vendor: 'ollama',
  good: {
    body: {
      object: 'list',
      data: numbered,
      model: 'nomic-embed-text',
      usage: { prompt_tokens: 12, total_tokens: 12 },
    },
    index: true,
    usage: ['prompt_tokens', 12],
  },
  refusals: [
    refusal('model', 404, error('not_found_error', 'model "none" not found, try pulling it first')),
    refusal('model', 400, error('api_error', 'this model does not support embeddings')),
    refusal('too many tokens', 400, error('api_error', 'the input length exceeds the context length')),
    refusal('input', 400, error('invalid_request_error', 'invalid input type')),
    // Of some texts, each time.
    refusal(
      'failing server',
      500,
      error('api_error', 'failed to encode response: json: unsupported value: NaN'),
    ),
    refusal(
      'passing',
      503,
      error('api_error', 'server busy, please try again. maximum pending requests exceeded'),
    ),
  ],
};
