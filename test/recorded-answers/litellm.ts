import { numbered, type RecordedVendor, refusal, refusedField } from './recorded-vendor.ts';

const error = (code: string, type: string | null, message: string, param: string | null = null) => ({
  error: { message, type, param, code },
});

export const litellm: RecordedVendor = {
  vendor: 'litellm',
  good: {
    body: {
      model: 'text-embedding-3-small',
      data: numbered,
      object: 'list',
      usage: { completion_tokens: 0, prompt_tokens: 14, total_tokens: 14, completion_tokens_details: null },
    },
    index: true,
    usage: ['prompt_tokens', 14],
  },
  refusals: [
    refusal(
      'bad key',
      401,
      error(
        '401',
        'token_not_found_in_db',
        'Authentication Error, Invalid proxy server token passed.',
        'key',
      ),
    ),
    // From a proxy without a database, which knows its master key only.
    refusal('bad key', 400, error('400', 'no_db_connection', 'No connected db.')),
    refusal('bad key', 400, error('400', 'expired_key', 'Authentication Error - Expired Key.', 'sk')),
    refusal(
      'model',
      400,
      error(
        '400',
        'None',
        '/embeddings: Invalid model name passed in model=none. Call `/v1/models` to view the models.',
      ),
    ),
    refusal(
      'model',
      401,
      error('401', 'key_model_access_denied', 'key not allowed to access model.', 'model'),
    ),
    refusal(
      'bill',
      429,
      error('429', 'budget_exceeded', 'Budget has been exceeded! Current cost: 2, Max budget: 1'),
    ),
    refusal('bill', 400, error('400', null, 'Budget has been exceeded! Current cost: 2, Max budget: 1')),
    refusal('rate', 429, error('429', 'None', 'Max parallel request limit reached.'), {
      'retry-after': '60',
    }),
    refusedField(
      'encoding_format',
      400,
      error(
        '400',
        null,
        "litellm.UnsupportedParamsError: Setting {'encoding_format': 'float'} is not supported by this model. To drop it, set drop_params.",
      ),
    ),
    refusal(
      'too many tokens',
      400,
      error('400', null, 'litellm.ContextWindowExceededError: the input is too long'),
    ),
    refusal('passing', 424, error('424', null, 'litellm.APIError: the backend has failed')),
    refusal('timeout', 408, error('408', null, 'litellm.Timeout: the backend took too long')),
    refusal('failing server', 500, error('500', 'internal_server_error', 'litellm.InternalServerError: no')),
  ],
};
