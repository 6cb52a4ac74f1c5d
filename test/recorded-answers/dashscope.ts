import { numbered, type RecordedVendor, refusal } from './recorded-vendor.ts';

const error = (code: string, message: string, type = code) => ({
  error: { message, type, param: null, code },
  request_id: 'f0e1',
});

export const dashscope: RecordedVendor = {
  vendor: 'dashscope',
  good: {
    body: {
      data: numbered,
      model: 'text-embedding-v4',
      object: 'list',
      usage: { prompt_tokens: 15, total_tokens: 15 },
      id: 'f0e1',
    },
    index: true,
    usage: ['prompt_tokens', 15],
  },
  refusals: [
    refusal('bad key', 401, error('invalid_api_key', 'Incorrect API key provided.', 'invalid_request_error')),
    refusal('bad key', 401, {
      code: 'InvalidApiKey',
      message: 'Invalid API-key provided.',
      request_id: 'f0e1',
    }),
    refusal(
      'model',
      404,
      error('model_not_found', 'The model `gone` does not exist.', 'invalid_request_error'),
    ),
    refusal('permission', 403, error('AccessDenied', 'Access to this workspace is denied.')),
    refusal(
      'bill',
      400,
      error('Arrearage', 'Access denied, please make sure your account is in good standing.'),
    ),
    refusal('bill', 403, error('AllocationQuota.FreeTierOnly', 'The free tier of the model is used up.')),
    refusal('rate', 429, error('limit_requests', 'You exceeded your current request limit.')),
    refusal('rate', 429, {
      code: 'Throttling.RateQuota',
      message: 'Requests rate limit exceeded.',
      request_id: 'f0e1',
    }),
    refusal(
      'too many inputs',
      400,
      error(
        'InvalidParameter',
        '<400> InternalError.Algo.InvalidParameter: Value error, batch size is invalid, it should not be larger than 10.: input.contents',
      ),
    ),
    refusal(
      'too many tokens',
      400,
      error(
        'InvalidParameter',
        '<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 8192]',
      ),
    ),
    refusal('input', 400, error('DataInspectionFailed', 'The text may hold unsuitable content.')),
    refusal('failing server', 500, error('internal_error', 'An internal error has occurred.')),
    refusal('timeout', 504, error('RequestTimeOut', 'The request timed out.')),
  ],
};
