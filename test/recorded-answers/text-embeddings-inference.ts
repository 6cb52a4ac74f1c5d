import { numbered, type RecordedVendor, refusal } from './recorded-vendor.ts';

const error = (code: number, type: string, message: string) => ({ message, code, type });

export const textEmbeddingsInference: RecordedVendor = {
  vendor: 'text-embeddings-inference',
  good: {
    body: {
      object: 'list',
      data: numbered,
      model: 'BAAI/bge-m3',
      usage: { prompt_tokens: 13, total_tokens: 13 },
    },
    index: true,
    usage: ['prompt_tokens', 13],
  },
  refusals: [
    refusal('bad key', 401, ''),
    refusal('rate', 429, error(429, 'overloaded', 'Model is overloaded')),
    refusal(
      'too many inputs',
      413,
      error(413, 'Validation', 'batch size 40 > maximum allowed batch size 32'),
    ),
    refusal(
      'too many tokens',
      413,
      error(413, 'Validation', '`inputs` must have less than 512 tokens. Given: 1000'),
    ),
    refusal('too many tokens', 413, 'Failed to buffer the request body: length limit exceeded', {
      'content-type': 'text/plain',
    }),
    refusal('input', 422, error(422, 'tokenizer', 'Tokenization error: no')),
    refusal('input', 400, error(400, 'empty', '`inputs` cannot be empty')),
    refusal('passing', 424, error(424, 'backend', 'Inference failed')),
    refusal('passing', 503, error(503, 'unhealthy', 'The service is not healthy')),
  ],
};
