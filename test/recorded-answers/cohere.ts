import { numbered, page, type RecordedVendor, refusal, refusedField } from './recorded-vendor.ts';

const error = (message: string) => ({ id: 'b1f2', message });

export const cohere: RecordedVendor = {
  vendor: 'cohere',
  good: {
    body: {
      object: 'list',
      data: numbered,
      model: 'embed-v4.0',
      usage: { prompt_tokens: 11, total_tokens: 11 },
    },
    index: true,
    usage: ['prompt_tokens', 11],
  },
  refusals: [
    refusal('bad key', 401, error('invalid api token')),
    refusal('model', 404, error("model 'embed-gone' not found, make sure the correct model ID was used")),
    refusal('permission', 403, error('this key may not be used from here')),
    refusal('bill', 402, error('Please add or update your payment method to continue')),
    refusal('bill', 429, error('You are using a Trial key, which is limited to 1000 API calls / month.')),
    refusal('rate', 429, error('You are using a Trial key, which is limited to 100 API calls / minute.')),
    refusal('too many inputs', 400, error('invalid request: total number of texts must be at most 96')),
    refusal('input', 400, error('invalid request: the text at index 1 is empty')),
    refusedField('input_type', 400, error("invalid request: parameter 'input_type' is not supported")),
    refusal('passing', 499, error('the request was cancelled by the user')),
    page(403, 'Sorry, you have been blocked'),
  ],
};
