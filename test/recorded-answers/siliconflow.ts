import { numbered, type RecordedVendor, refusal } from './recorded-vendor.ts';

const error = (code: number, message: string) => ({ code, message, data: null });

export const siliconflow: RecordedVendor = {
  vendor: 'siliconflow',
  good: {
    body: {
      object: 'list',
      model: 'BAAI/bge-m3',
      data: numbered,
      usage: { prompt_tokens: 13, completion_tokens: 0, total_tokens: 13 },
    },
    index: true,
    usage: ['prompt_tokens', 13],
  },
  refusals: [
    // The whole body is a JSON text.
    refusal('bad key', 401, '"Invalid token"'),
    refusal('model', 400, error(20_012, 'Model does not exist. Please check it carefully.')),
    refusal('model', 403, error(30_003, 'Model disabled.')),
    refusal('bill', 403, error(30_001, 'Sorry, your account balance is insufficient')),
    refusal('rate', 429, { message: 'Request was rejected due to rate limiting.', data: null }),
    refusal('too many inputs', 413, error(20_042, 'input batch size 40 > maximum allowed batch size 32')),
    refusal('too many tokens', 413, error(20_042, 'input must have less than 512 tokens')),
    refusal('input', 400, error(20_015, 'The parameter is invalid. Please check again.')),
    refusal('passing', 503, error(50_505, 'Model service overloaded.')),
    refusal('timeout', 504, ''),
  ],
};
