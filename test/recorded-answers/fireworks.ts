import { numbered, type RecordedVendor, refusal } from './recorded-vendor.ts';

const error = (type: string, code: string, message: string) => ({
  error: { object: 'error', type, code, message },
});

export const fireworks: RecordedVendor = {
  vendor: 'fireworks',
  good: {
    body: {
      object: 'list',
      model: 'nomic-ai/nomic-embed-text-v1.5',
      data: numbered,
      usage: { prompt_tokens: 10, total_tokens: 10 },
    },
    index: true,
    usage: ['prompt_tokens', 10],
  },
  refusals: [
    refusal(
      'bad key',
      401,
      error('invalid_request_error', 'UNAUTHORIZED', 'The API key you provided is invalid.'),
    ),
    refusal('bad key', 403, error('error', 'FORBIDDEN', 'Invalid API key')),
    refusal(
      'model',
      404,
      error('invalid_request_error', 'NOT_FOUND', 'Model not found, inaccessible, and/or not deployed'),
    ),
    refusal('bill', 402, error('error', 'PAYMENT_REQUIRED', 'This account is on no paid plan.')),
    refusal(
      'bill',
      412,
      error(
        'error',
        'PRECONDITION_FAILED',
        'Account a1 is suspended, possibly due to reaching the monthly spending limit or failure to pay past invoices.',
      ),
    ),
    refusal(
      'rate',
      429,
      error('error', 'TOO_MANY_REQUESTS', 'Request rate is over the limit of this account.'),
    ),
    refusal('too many tokens', 413, error('error', 'PAYLOAD_TOO_LARGE', 'The request is too large.')),
    refusal('input', 400, error('invalid_request_error', 'BAD_REQUEST', 'An input is not proper.')),
    refusal('passing', 503, error('error', 'SERVICE_UNAVAILABLE', 'The service is overloaded.')),
  ],
};
