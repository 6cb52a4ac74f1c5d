import { numbered, type RecordedVendor, refusal } from './recorded-vendor.ts';

const error = (message: string) => ({ detail: { error: message } });

export const deepinfra: RecordedVendor = {
  vendor: 'deepinfra',
  good: {
    body: {
      object: 'list',
      data: numbered,
      model: 'BAAI/bge-m3',
      usage: { prompt_tokens: 9, total_tokens: 9, estimated_cost: 0.00000009 },
    },
    index: true,
    usage: ['prompt_tokens', 9],
  },
  refusals: [
    refusal('bad key', 401, error('User is not authenticated')),
    refusal('bad key', 403, { detail: 'Invalid API key' }),
    refusal('model', 404, error('Model is not available')),
    refusal('bill', 402, error('inference prohibited, please enter a Payment Method or top up')),
    refusal('bill', 403, error('inference prohibited, please enter a Payment Method or top up your account')),
    refusal('rate', 429, error('Rate limited')),
    refusal('too many inputs', 422, {
      detail: [{ type: 'too_long', loc: ['body', 'input'], msg: 'List should have at most 1024 items' }],
    }),
    refusal('input', 400, error('an input is not proper')),
    refusal('passing', 503, error('Model busy, retry later')),
  ],
};
