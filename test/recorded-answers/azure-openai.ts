import { numbered, type RecordedRefusal, type RecordedVendor, refusal } from './recorded-vendor.ts';

const error = (code: string, message: string, more: object = {}) => ({ error: { code, message, ...more } });

/** What both forms of the API answer. */
export const azureRefusals: readonly RecordedRefusal[] = [
  refusal(
    'bad key',
    401,
    error('401', 'Access denied due to invalid subscription key or wrong API endpoint.'),
  ),
  refusal('model', 404, error('DeploymentNotFound', 'The API deployment for this resource does not exist.')),
  refusal(
    'model',
    400,
    error(
      'OperationNotSupported',
      'The embeddings operation does not work with the specified model, gpt-4o.',
    ),
  ),
  refusal('permission', 403, error('403', 'Access denied due to Virtual Network/Firewall rules.')),
  refusal('permission', 403, error('AuthenticationTypeDisabled', 'Key based authentication is disabled.')),
  refusal('bill', 429, error('insufficient_quota', 'The quota of this subscription is spent.')),
  refusal('bill', 403, error('403', 'Out of call volume quota. Quota will be replenished in 3 days.')),
  refusal(
    'rate',
    429,
    error(
      '429',
      'Requests to the Embeddings_Create operation have exceeded the call rate limit of this tier.',
    ),
    { 'retry-after': '57', 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-remaining-requests': '12' },
  ),
  refusal(
    'too many inputs',
    400,
    error('invalid_request_error', "Invalid 'input': array too long. Expected at most 2048 elements.", {
      param: 'input',
    }),
  ),
  refusal(
    'too many tokens',
    400,
    error('context_length_exceeded', "This model's maximum context length is 8192 tokens."),
  ),
  refusal('input', 400, error('content_filter', 'The text was filtered by the policy on content.')),
  refusal('timeout', 408, error('Timeout', 'The operation was timeout.')),
];

export const azureGood: RecordedVendor['good'] = {
  body: {
    object: 'list',
    data: numbered,
    model: 'text-embedding-3-small',
    usage: { prompt_tokens: 14, total_tokens: 14 },
  },
  index: true,
  usage: ['prompt_tokens', 14],
};

export const azureOpenai: RecordedVendor = {
  vendor: 'azure-openai',
  good: azureGood,
  refusals: azureRefusals,
};
