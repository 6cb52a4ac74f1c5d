import { page, type RecordedVendor, refusal, refusedField, vectors } from './recorded-vendor.ts';

/** A server of nobody's: as little as can be understood. */
export const custom: RecordedVendor = {
  vendor: 'custom',
  good: {
    body: {
      data: vectors.map((vector) => ({
        embedding: Buffer.from(new Float32Array(vector).buffer).toString('base64'),
      })),
      usage: { total_tokens: 8 },
    },
    index: false,
    usage: ['total_tokens', 8],
  },
  refusals: [
    refusal('bad key', 401, ''),
    refusal('bad key', 403, { detail: 'Not authenticated' }),
    refusal('bad key', 400, {
      code: 'Client specified an invalid argument',
      error: 'Incorrect API key provided: xa***yz.',
    }),
    refusal('model', 404, ''),
    refusal('permission', 403, ''),
    refusal('bill', 402, ''),
    refusal('rate', 429, '', { 'retry-after': '60' }),
    refusal('too many tokens', 413, ''),
    refusal('input', 400, ''),
    refusal('input', 422, ''),
    refusedField('encoding_format', 422, {
      detail: [
        { loc: ['body', 'encoding_format'], msg: 'extra fields not permitted', type: 'value_error.extra' },
      ],
    }),
    ...[409, 421, 424, 425, 499, 502, 503].map((status) => refusal('passing', status, '')),
    refusal('timeout', 408, ''),
    refusal('timeout', 504, ''),
    refusal('failing server', 500, ''),
    ...[400, 401, 403, 404].map((status) => page(status, 'Blocked')),
  ],
};
