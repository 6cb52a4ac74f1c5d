import { numbered, type RecordedVendor, refusal, refusedField } from './recorded-vendor.ts';

const error = (detail: unknown) => ({ detail });

export const jina: RecordedVendor = {
  vendor: 'jina',
  good: {
    body: {
      model: 'jina-embeddings-v3',
      object: 'list',
      usage: { total_tokens: 17, prompt_tokens: 17 },
      data: numbered,
    },
    index: true,
    usage: ['prompt_tokens', 17],
  },
  refusals: [
    refusal('bad key', 401, error('Invalid API key')),
    refusal(
      'model',
      422,
      error([{ type: 'enum', loc: ['body', 'model'], msg: 'Input should be a known model' }]),
    ),
    refusal('bill', 402, error('The balance of this key is used up.')),
    refusal('bill', 403, error('Insufficient balance, please recharge')),
    refusal('rate', 429, error('Rate limit exceeded, please try again later.')),
    refusal(
      'too many inputs',
      422,
      error([{ type: 'too_long', loc: ['body', 'input'], msg: 'List should have at most 512 items' }]),
    ),
    refusal('too many tokens', 400, error('Input text exceeds the maximum length of 8194 tokens.')),
    refusal('input', 422, error([{ type: 'string_too_short', loc: ['body', 'input', 1], msg: 'Too short' }])),
    refusedField(
      'task',
      422,
      error([{ type: 'extra_forbidden', loc: ['body', 'task'], msg: 'Extra inputs are not permitted' }]),
    ),
    refusal('passing', 424, error('The model is not ready.')),
    refusal('passing', 503, error('All replicas are busy.')),
  ],
};
