import { numbered, type RecordedVendor, refusal, refusedField } from './recorded-vendor.ts';

const error = (detail: string) => ({ detail });
const notProper = 'The request body is not valid JSON, or some arguments were not specified properly.';

export const voyage: RecordedVendor = {
  vendor: 'voyage',
  good: {
    body: { object: 'list', data: numbered, model: 'voyage-3.5', usage: { total_tokens: 19 } },
    index: true,
    usage: ['total_tokens', 19],
  },
  refusals: [
    refusal('bad key', 401, error('Provided API key is invalid.')),
    refusal('model', 400, error("Model voyage-0 is not supported. Supported models are ['voyage-3.5'].")),
    refusal('permission', 403, error('The IP address of this request is not allowed.')),
    refusal(
      'rate',
      429,
      error('You have not yet added your payment method and have reduced rate limits of 3 RPM.'),
    ),
    refusal('too many inputs', 400, error('The batch size limit is 1000. Your batch size is 1200.')),
    refusal(
      'too many tokens',
      400,
      error(
        'The max allowed tokens per submitted batch is 120000. Your batch has 150000 tokens after truncation.',
      ),
    ),
    refusal('input', 400, error(`${notProper} In particular, Input cannot contain empty strings.`)),
    refusedField(
      'encoding_format',
      400,
      error(`${notProper} In particular, Argument 'encoding_format' must be base64 or null`),
    ),
    refusedField(
      'output_dimension',
      400,
      error(`${notProper} In particular, Argument 'output_dimension' is not supported by this model`),
    ),
    refusal('passing', 502, ''),
    refusal('timeout', 504, ''),
  ],
};
