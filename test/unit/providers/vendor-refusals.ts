import type { FailureActor, FailureCode } from '../../../src/domain/failures.ts';
import type { RefusalHint } from '../../../src/providers/wire/refusal-hint.ts';

/** A refusal as a vendor words it, and what it has to be taken for. */
export interface VendorRefusal {
  readonly what: string;
  readonly status: number;
  readonly body: unknown;
  readonly contentType?: string;
  readonly code: FailureCode;
  readonly who: FailureActor;
  readonly hint?: RefusalHint;
}

type Row = readonly [what: string, status: number, body: unknown, hint?: RefusalHint];

const of = (code: FailureCode, who: FailureActor, rows: readonly Row[]): VendorRefusal[] =>
  rows.map(([what, status, body, hint]) => ({
    what,
    status,
    body,
    code,
    who,
    ...(hint === undefined ? {} : { hint }),
  }));

const error = (message: string, more: object = {}) => ({ error: { message, ...more } });
const google = (code: number, status: string, message: string, details: readonly object[] = []) => ({
  error: { code, message, status, details },
});
const reason = (name: string) => ({ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: name });
const violation = (quotaId: string) => ({
  '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
  violations: [{ quotaMetric: 'generativelanguage.googleapis.com/embed_content_requests', quotaId }],
});
const notValid = google(400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.', [
  reason('API_KEY_INVALID'),
]);
const parameter = (name: string): RefusalHint => ({ kind: 'parameter', name });
const manyInputs: RefusalHint = { kind: 'too_many_inputs' };
const manyTokens: RefusalHint = { kind: 'too_many_tokens' };
const input: RefusalHint = { kind: 'input' };
const daily: RefusalHint = { kind: 'daily_quota' };

const credentials = of('credential_rejected', 'tenant', [
  ['a code by its shape', 403, { error: { code: 'DISABLED_API_KEY', message: 'no' } }],
  ['another code by its shape', 400, { error: { code: 'ApiKeyCompromised', message: 'no' } }],
  ['Moonshot', 401, error('Invalid Authentication', { type: 'invalid_authentication_error' })],
  ['Baidu', 200, { error_code: 110, error_msg: 'Access token invalid or no longer valid' }],
  ['an OAuth server', 400, { error: 'invalid_token', error_description: 'The access token expired' }],
  [
    'a key of a gateway',
    403,
    error('This key has been disabled by its owner', { type: 'invalid_request_error' }),
  ],
  ['a token of a gateway', 403, { code: 'access_denied', message: 'Invalid token provided' }],
  [
    'MiniMax',
    200,
    { base_resp: { status_code: 1004, status_msg: 'login fail: Please carry the API secret key' } },
  ],
  [
    'OpenAI',
    401,
    error('Incorrect API key provided: sk-ab***yz.', {
      type: 'invalid_request_error',
      code: 'invalid_api_key',
    }),
  ],
  ['Google', 400, notValid],
  ['Google, in an array', 400, [notValid]],
  ['Google, expired', 400, google(400, 'INVALID_ARGUMENT', 'API key expired. Please renew the API key.')],
  [
    'Google, leaked',
    403,
    google(403, 'PERMISSION_DENIED', 'Your API key was reported as leaked. Please use another API key.'),
  ],
  [
    'Google, suspended',
    403,
    google(403, 'PERMISSION_DENIED', "Permission denied: Consumer 'api_key:AIza' has been suspended."),
  ],
  [
    'Google, without a key',
    403,
    google(
      403,
      'PERMISSION_DENIED',
      "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API.",
    ),
  ],
  [
    'xAI',
    400,
    {
      code: 'Client specified an invalid argument',
      error: 'Incorrect API key provided: xa***yz. You can obtain an API key from https://console.x.ai.',
    },
  ],
  ['Voyage', 401, { detail: 'Provided API key is invalid.' }],
  ['Voyage, as a bad request', 400, { detail: 'Provided API key is invalid.' }],
  ['Cohere', 401, { message: 'invalid api token' }],
  ['a FastAPI server', 403, { detail: 'Not authenticated' }],
  ['a FastAPI server, with words', 403, { detail: 'Invalid authentication credentials' }],
  ['a disabled key', 403, error('This API key has been disabled.', { code: 'forbidden' })],
  ['SiliconFlow', 401, 'Invalid token'],
  ['DashScope', 401, { code: 'InvalidApiKey', message: 'Invalid API-key provided.', request_id: 'r' }],
  [
    'Zhipu',
    401,
    { error: { code: '1002', message: 'Authorization Token非法，请确认Authorization Token正确传递。' } },
  ],
  [
    'Azure',
    401,
    {
      error: { code: '401', message: 'Access denied due to invalid subscription key or wrong API endpoint.' },
    },
  ],
  [
    'LiteLLM',
    401,
    error('Authentication Error, Invalid proxy server token passed. Received API Key = sk-...1234', {
      type: 'token_not_found_in_db',
      param: 'key',
      code: '401',
    }),
  ],
  [
    'LiteLLM, expired',
    400,
    error('Authentication Error - Expired Key. Key Expiry time 2026-01-01', {
      type: 'expired_key',
      param: 'sk',
      code: '400',
    }),
  ],
  [
    'LiteLLM, handed on from Google',
    400,
    error(`litellm.BadRequestError: VertexAIException BadRequestError - ${JSON.stringify(notValid)}`),
  ],
  ['OpenRouter', 401, error('User not found.', { code: 401 })],
  [
    'OpenRouter, from its provider',
    400,
    {
      error: {
        message: 'Provider returned error',
        code: 400,
        metadata: { raw: JSON.stringify(error('bad', { code: 'invalid_api_key' })), provider_name: 'X' },
      },
    },
  ],
  [
    'Anthropic',
    401,
    { type: 'error', error: { type: 'authentication_error', message: 'invalid x-api-key' } },
  ],
  ['Cloudflare', 400, { success: false, errors: [{ code: 10_000, message: 'Authentication error' }] }],
  ['a gateway that hands 401 on', 400, { error: { code: 401, message: 'no' } }],
  ['AWS', 403, { message: 'The security token included in the request is invalid.' }],
  ['LM Studio', 401, { error: 'unauthorized' }],
  ['no body', 401, undefined],
]);

const models = of('model_not_found', 'tenant', [
  ['a code by its shape', 400, { error: { code: 'UnsupportedModelForEmbedding', message: 'no' } }],
  ['another code by its shape', 403, { error: { type: 'model_is_not_supported', message: 'no' } }],
  [
    'DashScope, a model that was not bought',
    403,
    {
      code: 'AccessDenied.Unpurchased',
      message: 'Access to model denied. Please make sure you are eligible for using the model.',
    },
  ],
  ['a field in quotes', 400, error("Invalid value for 'model': m")],
  [
    'Bedrock, a model without access',
    403,
    { message: "You don't have access to the model with the specified model ID." },
  ],
  ['an own server', 400, error('m is not an embedding model')],
  [
    'OpenAI, a model that does not embed',
    403,
    error('You are not allowed to generate embeddings from this model', {
      type: 'invalid_request_error',
      param: null,
      code: null,
    }),
  ],
  [
    'OpenAI, a project without the model',
    403,
    error('Project `proj_1` does not have access to model `text-embedding-3-large`', {
      type: 'invalid_request_error',
      code: 'model_not_found',
    }),
  ],
  ['OpenAI, by the field', 400, error('invalid model ID', { type: 'invalid_request_error', param: 'model' })],
  ['OpenAI, by the message', 400, error('invalid model ID', { type: 'invalid_request_error' })],
  [
    'Azure',
    404,
    {
      error: { code: 'DeploymentNotFound', message: 'The API deployment for this resource does not exist.' },
    },
  ],
  [
    'Azure, a model that does not embed',
    400,
    {
      error: {
        code: 'OperationNotSupported',
        message:
          'The embeddings operation does not work with the specified model, gpt-4o. Please choose different model and try again.',
      },
    },
  ],
  [
    'Google',
    404,
    [
      google(
        404,
        'NOT_FOUND',
        'models/x is not found for API version v1main, or is not supported for embedContent.',
      ),
    ],
  ],
  [
    'Mistral',
    400,
    { object: 'error', message: 'Invalid model: x', type: 'invalid_model', param: null, code: '1500' },
  ],
  [
    'Cohere',
    404,
    {
      message:
        "model 'x' not found, make sure the correct model ID was used and that you have access to the model.",
    },
  ],
  ['Cohere, as a bad request', 400, { message: 'invalid request: model x is not supported' }],
  ['Voyage', 400, { detail: "Model x is not supported. Supported models are ['voyage-3.5']." }],
  [
    'SiliconFlow',
    400,
    { code: 20_012, message: 'Model does not exist. Please check it carefully.', data: null },
  ],
  ['SiliconFlow, disabled', 403, { code: 30_003, message: 'Model disabled.', data: null }],
  [
    'DashScope',
    404,
    error('The model `x` does not exist or you do not have access to it.', { code: 'model_not_found' }),
  ],
  ['Zhipu', 400, { error: { code: '1211', message: '模型不存在，请检查模型代码。' } }],
  ['NVIDIA', 404, { status: 404, title: 'Not Found', detail: "Function 'f': Not found for account 'a'" }],
  [
    'vLLM',
    404,
    {
      object: 'error',
      message: 'The model `x` does not exist.',
      type: 'NotFoundError',
      param: null,
      code: 404,
    },
  ],
  [
    'vLLM, a model that does not embed',
    400,
    {
      object: 'error',
      message: 'The model does not support Embeddings API',
      type: 'BadRequestError',
      param: null,
      code: 400,
    },
  ],
  [
    'Ollama',
    404,
    error('model "x" not found, try pulling it first', { type: 'api_error', param: null, code: null }),
  ],
  [
    'Ollama, a model that does not embed',
    400,
    error('this model does not support embeddings', { type: 'api_error' }),
  ],
  [
    'llama-server, a model that does not embed',
    501,
    {
      error: {
        code: 501,
        message: 'This server does not support embeddings. Start it with `--embeddings`',
        type: 'not_supported_error',
      },
    },
  ],
  [
    'LM Studio',
    400,
    { error: 'No models loaded. Please load a model in the developer page or use the `lms load` command.' },
  ],
  [
    'LiteLLM',
    400,
    {
      error: {
        message:
          "{'error': '/embeddings: Invalid model name passed in model=x. Call `/v1/models` to view available models for your key.'}",
        type: 'None',
        param: 'None',
        code: '400',
      },
    },
  ],
  [
    'LiteLLM, a key without the model',
    401,
    error('key not allowed to access model. This key can only access models=[a]', {
      type: 'key_model_access_denied',
      param: 'model',
      code: '401',
    }),
  ],
  ['OpenRouter', 400, error('x/y is not a valid model ID', { code: 400 })],
  [
    'Together',
    400,
    error('Unable to access model x. Please visit https://api.together.ai/models', {
      code: 'model_not_available',
    }),
  ],
  ['GPUStack', 403, error('Model not found', { code: 403, type: 'Forbidden' })],
  [
    'a gateway',
    403,
    error('User u is not authorized to access model x or model does not exist', {
      type: 'AuthorizationError',
    }),
  ],
  ['Bedrock', 400, { message: 'The provided model identifier is invalid.' }],
  ['no body', 404, undefined],
]);

const bills = of('quota_exhausted', 'tenant', [
  ['a code by its shape', 403, { error: { code: 'balance_not_enough', message: 'no' } }],
  ['another code by its shape', 429, { error: { code: 'team_budget_exceeded', message: 'no' } }],
  ['a team', 429, error('Team budget exceeded')],
  [
    'a type that names the day',
    429,
    error('no', { type: 'requests_per_day', code: 'rate_limit_exceeded' }),
    daily,
  ],
  ['DeepSeek', 400, error('Insufficient Balance')],
  ['StepFun', 429, error('You have insufficient balance')],
  ['an account', 400, error('Account balance is insufficient, please top up')],
  [
    'Google, of old',
    403,
    { error: { errors: [{ reason: 'quotaExceeded' }], code: 403, message: 'You have exceeded your quota.' } },
  ],
  [
    'Vertex, of the day',
    429,
    {
      error: {
        code: 429,
        status: 'RESOURCE_EXHAUSTED',
        details: [{ metadata: { quota_limit: 'RequestsPerDayPerProject' } }],
      },
    },
    daily,
  ],
  ['no body', 402, undefined],
  [
    'OpenAI',
    429,
    error('You exceeded your current quota, please check your plan and billing details.', {
      type: 'insufficient_quota',
      code: 'insufficient_quota',
    }),
  ],
  ['a server that has the word in the type only', 429, { error: { type: 'insufficient_quota', code: null } }],
  [
    'LiteLLM',
    429,
    error('Budget has been exceeded! Current cost: 1.2, Max budget: 1.0', {
      type: 'budget_exceeded',
      param: null,
      code: '429',
    }),
  ],
  [
    'LiteLLM, without the type',
    400,
    error('Budget has been exceeded! Current cost: 1.2, Max budget: 1.0', { code: '400' }),
  ],
  [
    'LiteLLM, of old',
    401,
    {
      detail:
        'Authentication Error, ExceededTokenBudget: Current spend for token: 7.2e-05; Max Budget for Token: 2e-07',
    },
  ],
  [
    'LiteLLM, with its class',
    400,
    error('litellm.BudgetExceededError: Budget has been exceeded! Current cost: 1'),
  ],
  [
    'Anthropic',
    400,
    {
      type: 'error',
      error: {
        type: 'invalid_request_error',
        message: 'Your credit balance is too low to access the Anthropic API.',
      },
    },
  ],
  [
    'Anthropic, a limit of the month',
    400,
    {
      type: 'error',
      error: {
        type: 'invalid_request_error',
        message: 'You have reached your specified API usage limits. You will regain access on 2026-01-01.',
      },
    },
  ],
  [
    'Google, prepaid',
    429,
    google(
      429,
      'RESOURCE_EXHAUSTED',
      'Your prepayment credits are depleted. Please go to AI Studio to manage your billing.',
    ),
  ],
  [
    'Google, without billing',
    403,
    google(403, 'PERMISSION_DENIED', 'This API method requires billing to be enabled.', [
      reason('BILLING_DISABLED'),
    ]),
  ],
  [
    'Cohere, a trial',
    429,
    {
      message:
        'You are using a Trial key, which is limited to 1000 API calls / month. You can continue to use the Trial key for free or upgrade to a Production key',
    },
  ],
  [
    'OpenRouter',
    402,
    error('Insufficient credits. Add more using https://openrouter.ai/settings/credits', { code: 402 }),
  ],
  [
    'OpenRouter, the limit of a key',
    403,
    error('Key limit exceeded (total limit). Manage it using https://openrouter.ai/settings/keys', {
      code: 403,
    }),
  ],
  [
    'DashScope',
    400,
    { code: 'Arrearage', message: 'Access denied, please make sure your account is in good standing.' },
  ],
  [
    'DashScope, its free tier',
    403,
    {
      error: {
        code: 'AllocationQuota.FreeTierOnly',
        message: 'The free tier of the model has been exhausted.',
      },
    },
  ],
  ['SiliconFlow', 403, { code: 30_001, message: 'Sorry, your account balance is insufficient', data: null }],
  ['Zhipu', 429, { error: { code: '1113', message: '您的账户已欠费，请充值后重试。' } }],
  ['Jina', 403, { detail: 'Insufficient balance, please recharge' }],
  [
    'DeepInfra',
    403,
    { detail: { error: 'inference prohibited, please enter a Payment Method or top up your account' } },
  ],
  [
    'Azure, the free tier',
    403,
    { error: { code: '403', message: 'Out of call volume quota. Quota will be replenished in 3 days.' } },
  ],
  [
    'xAI',
    403,
    {
      code: 'The caller does not have permission',
      error: 'Your team has either used all available credits or reached its monthly spending limit.',
    },
  ],
  ['Moonshot', 429, error('Your account is suspended', { type: 'exceeded_current_quota_error' })],
  [
    'OpenAI, of the day',
    429,
    error(
      'Rate limit reached for text-embedding-3-small in organization org-1 on requests per day (RPD): Limit 200, Used 200, Requested 1.',
      { type: 'requests', code: 'rate_limit_exceeded' },
    ),
    daily,
  ],
  [
    'Google, of the day',
    429,
    google(
      429,
      'RESOURCE_EXHAUSTED',
      'You exceeded your current quota, please check your plan and billing details.',
      [violation('EmbedContentRequestsPerDayPerUserPerProjectPerModel-FreeTier')],
    ),
    daily,
  ],
  [
    'Google, of the day, in an array',
    429,
    [
      google(429, 'RESOURCE_EXHAUSTED', 'Quota.', [
        violation('EmbedContentRequestsPerMinutePerProject'),
        violation('EmbedContentRequestsPerDay'),
      ]),
    ],
    daily,
  ],
  [
    'OpenRouter, of the day',
    429,
    error(
      'Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free model requests per day',
      { code: 429 },
    ),
    daily,
  ],
  [
    'Cloudflare, of the day',
    429,
    { errors: [{ code: 3036, message: 'you have used up your daily free allocation of 10,000 neurons' }] },
    daily,
  ],
  [
    'GitHub, of the day',
    429,
    {
      error: {
        code: 'RateLimitReached',
        message: 'Rate limit of 150 per 86400s exceeded for UserByModelByDay.',
      },
    },
    daily,
  ],
  ['Zhipu, of the day', 429, { error: { code: '1304', message: '该 API 的当天调用次数超限' } }, daily],
]);

const permissions = of('permission_denied', 'tenant', [
  [
    'a code by its shape',
    403,
    { error: { code: 'IP_NOT_ALLOWED', message: 'Your API key is invalid from here' } },
  ],
  [
    'Google, a region',
    400,
    google(400, 'FAILED_PRECONDITION', 'User location is not supported for the API use.'),
  ],
  [
    'Google, a region, in an array',
    400,
    [google(400, 'FAILED_PRECONDITION', 'User location is not supported for the API use.')],
  ],
  [
    'Google, a service',
    403,
    google(
      403,
      'PERMISSION_DENIED',
      'Generative Language API has not been used in project 1 before or it is disabled.',
      [reason('SERVICE_DISABLED')],
    ),
  ],
  [
    'Google, a referrer',
    403,
    google(403, 'PERMISSION_DENIED', 'Requests from referer <empty> are blocked.', [
      reason('API_KEY_HTTP_REFERRER_BLOCKED'),
    ]),
  ],
  [
    'Google, an address',
    403,
    google(
      403,
      'PERMISSION_DENIED',
      'The provided API key has an IP address restriction. The originating IP address of the call (192.0.2.1) violates this restriction.',
    ),
  ],
  [
    'Google, a permission',
    403,
    google(403, 'PERMISSION_DENIED', "Permission 'aiplatform.endpoints.predict' denied on resource", [
      reason('IAM_PERMISSION_DENIED'),
    ]),
  ],
  [
    'OpenAI, a region',
    403,
    error('Country, region, or territory not supported', {
      type: 'request_forbidden',
      param: null,
      code: 'unsupported_country_region_territory',
    }),
  ],
  [
    'OpenAI, a scope',
    401,
    error('You have insufficient permissions for this operation. Missing scopes: model.request.', {
      type: 'invalid_request_error',
    }),
  ],
  [
    'Azure, a network',
    403,
    { error: { code: '403', message: 'Access denied due to Virtual Network/Firewall rules.' } },
  ],
  [
    'a key without the permission',
    403,
    { message: 'Your API key does not have permission to use the specified resource' },
  ],
  ['a model that is not enabled', 403, error('The model x is not enabled for this account.')],
  ['NVIDIA', 403, { status: 403, title: 'Forbidden', detail: 'Authorization failed' }],
  [
    'Hugging Face',
    403,
    { error: 'This authentication method does not have sufficient permissions to call Inference Providers' },
  ],
  ['AWS', 403, { Message: 'User is not authorized to perform this action' }],
  ['anything else in JSON', 403, { error: { message: 'no', code: null, type: null } }],
  ['a permission error', 403, { error: { type: 'permission_error', message: 'no' } }],
  ['no body', 403, undefined],
]);

const limits = of('provider_rate_limited', 'wait', [
  ['a code by its shape', 400, { code: 'UserRateLimitExceeded', message: 'no' }],
  [
    'Vertex',
    429,
    google(
      429,
      'RESOURCE_EXHAUSTED',
      'Quota exceeded for aiplatform.googleapis.com/online_prediction_requests_per_base_model with base model: textembedding-gecko.',
    ),
  ],
  ['no body', 429, undefined],
  [
    'Google, of the minute',
    429,
    google(
      429,
      'RESOURCE_EXHAUSTED',
      'You exceeded your current quota, please check your plan and billing details.',
      [violation('EmbedContentRequestsPerMinutePerUserPerProjectPerModel-FreeTier')],
    ),
  ],
  [
    'Google, a metric',
    429,
    google(
      429,
      'RESOURCE_EXHAUSTED',
      "Quota exceeded for quota metric 'Generate requests' and limit 'Requests per minute'",
    ),
  ],
  [
    'Cohere, a trial',
    429,
    { message: 'You are using a Trial key, which is limited to 40 API calls / minute.' },
  ],
  [
    'Voyage',
    429,
    {
      detail:
        'You have not yet added your payment method in the billing page and will have reduced rate limits of 3 RPM and 10K TPM.',
    },
  ],
  [
    'Mistral',
    429,
    {
      object: 'error',
      message: 'Service tier capacity exceeded for this model.',
      type: 'service_tier_capacity_exceeded',
      param: null,
      code: '3505',
    },
  ],
  ['TEI', 429, { message: 'Model is overloaded', code: 429, type: 'overloaded' }],
  [
    'DashScope',
    429,
    { code: 'Throttling.RateQuota', message: 'Requests rate limit exceeded, please try again later.' },
  ],
  [
    'Azure',
    429,
    {
      error: {
        code: '429',
        message:
          'Requests to the Embeddings_Create Operation have exceeded call rate limit of your current OpenAI S0 pricing tier.',
      },
    },
  ],
  [
    'LiteLLM',
    429,
    error('Max parallel request limit reached.', { type: 'None', param: 'None', code: '429' }),
  ],
]);

const passing = of('provider_unavailable', 'provider', [
  ['TEI, its backend', 424, { message: 'inference failed', code: 424, type: 'backend' }],
  ['no body', 500, undefined, { kind: 'server_error' }],
  ...[409, 421, 425, 499, 529, 502, 503].map((status): Row => ['no body', status, undefined]),
  [
    'a text that cannot be embedded',
    500,
    error('failed to encode response: json: unsupported value: NaN', { type: 'api_error' }),
    { kind: 'server_error' },
  ],
  ['Cloudflare, as text', 403, 'error code: 1020'],
]);

const timeouts = of('provider_timeout', 'provider', [
  ['no body', 408, undefined],
  ['no body', 504, undefined],
]);

const inputs = of('input_rejected', 'author', [
  ['Zhipu, a batch', 400, { error: { code: '1214', message: 'input数组最大不得超过64条' } }, manyInputs],
  ['a limit in words', 400, error('input should not exceed 96 items'), manyInputs],
  ['a limit in other words', 400, error('Only 64 texts are allowed per request'), manyInputs],
  [
    'OpenAI, an empty text',
    400,
    error("'$.input' is invalid.", { type: 'invalid_request_error', param: null, code: null }),
    input,
  ],
  [
    'OpenAI, a long text',
    400,
    error(
      "This model's maximum context length is 8192 tokens, however you requested 9000 tokens (9000 in your prompt; 0 for the completion).",
      { type: 'invalid_request_error' },
    ),
    manyTokens,
  ],
  [
    'OpenAI, a large request',
    400,
    error('Requested 310000 tokens, max 300000 tokens per request', {
      type: 'max_tokens_per_request',
      code: 'max_tokens_per_request',
    }),
    manyTokens,
  ],
  [
    'OpenAI, a long array',
    400,
    error(
      "Invalid 'input': array too long. Expected an array with maximum length 2048, but got an array with length 3000 instead.",
      { param: 'input', code: 'array_above_max_length' },
    ),
    manyInputs,
  ],
  [
    'OpenAI, dimensions',
    400,
    error('This model does not support specifying dimensions.', {
      type: 'invalid_request_error',
      param: null,
    }),
    parameter('dimensions'),
  ],
  [
    'DashScope',
    400,
    {
      error: {
        code: 'InvalidParameter',
        message:
          '<400> InternalError.Algo.InvalidParameter: Value error, batch size is invalid, it should not be larger than 10.: input.contents',
      },
    },
    manyInputs,
  ],
  [
    'DashScope, a long text',
    400,
    { code: 'InvalidParameter', message: 'Range of input length should be [1, 8192]' },
    manyTokens,
  ],
  [
    'TEI',
    413,
    { message: 'batch size 40 > maximum allowed batch size 32', code: 413, type: 'Validation' },
    manyInputs,
  ],
  [
    'TEI, a long text',
    413,
    { message: '`inputs` must have less than 512 tokens. Given: 1000', code: 413, type: 'Validation' },
    manyTokens,
  ],
  ['nginx', 413, '<html><head><title>413 Request Entity Too Large</title></head></html>', manyTokens],
  [
    'Cohere',
    400,
    { message: 'invalid request: total number of texts must be at most 96 - received 100' },
    manyInputs,
  ],
  [
    'Google',
    400,
    [
      google(
        400,
        'INVALID_ARGUMENT',
        '* BatchEmbedContentsRequest.requests: at most 100 requests can be in one batch',
      ),
    ],
    manyInputs,
  ],
  [
    'Google, a field',
    400,
    [
      google(
        400,
        'INVALID_ARGUMENT',
        'Invalid JSON payload received. Unknown name "encoding_format": Cannot find field.',
      ),
    ],
    parameter('encoding_format'),
  ],
  [
    'Mistral',
    400,
    {
      object: 'error',
      message: 'Too many tokens overall, split into more batches.',
      type: 'invalid_request_prompt',
      param: null,
      code: 3210,
    },
    manyTokens,
  ],
  [
    'Mistral, a field',
    422,
    {
      object: 'error',
      message: {
        detail: [
          {
            type: 'extra_forbidden',
            loc: ['body', 'dimensions'],
            msg: 'Extra inputs are not permitted',
            input: 256,
          },
        ],
      },
      type: 'invalid_request_error',
    },
    parameter('dimensions'),
  ],
  [
    'Voyage',
    400,
    {
      detail:
        "Request to model 'voyage-3' failed. The max allowed tokens per submitted batch is 120000. Your batch has 150000 tokens after truncation.",
    },
    manyTokens,
  ],
  ['Voyage, a batch', 400, { detail: 'The batch size limit is 128. Your batch size is 200.' }, manyInputs],
  [
    'Voyage, a field',
    400,
    {
      detail:
        "The request body is not valid JSON, or some arguments were not specified properly. In particular, Argument 'encoding_format' must be base64 or null",
    },
    parameter('encoding_format'),
  ],
  [
    'Jina, a batch',
    422,
    {
      detail: [
        {
          type: 'too_long',
          loc: ['body', 'input'],
          msg: 'List should have at most 512 items after validation, not 600',
        },
      ],
    },
    manyInputs,
  ],
  ['NVIDIA', 400, { error: 'Input length 2000 exceeds maximum allowed token size 512' }, manyTokens],
  [
    'SiliconFlow',
    400,
    { code: 20_015, message: 'The parameter is invalid. Please check again.', data: null },
    input,
  ],
  [
    'vLLM, dimensions',
    400,
    {
      object: 'error',
      message:
        'Model "x" does not support matryoshka representation, changing output dimensions will lead to poor results.',
      type: 'BadRequestError',
      param: null,
      code: 400,
    },
    parameter('dimensions'),
  ],
  [
    'vLLM, a field',
    400,
    {
      object: 'error',
      message:
        "[{'type': 'extra_forbidden', 'loc': ('body', 'input_type'), 'msg': 'Extra inputs are not permitted'}]",
      type: 'BadRequestError',
      code: 400,
    },
    parameter('input_type'),
  ],
  [
    'a field that is not known',
    422,
    {
      detail: [{ loc: ['body', 'input_type'], msg: 'extra fields not permitted', type: 'value_error.extra' }],
    },
    parameter('input_type'),
  ],
  [
    'Ollama, a long text',
    400,
    error('the input length exceeds the context length', { type: 'api_error' }),
    manyTokens,
  ],
  [
    'llama-server, a long text',
    400,
    {
      error: {
        code: 400,
        message: 'the request exceeds the available context size',
        type: 'exceed_context_size_error',
      },
    },
    manyTokens,
  ],
  [
    'OpenRouter, a flagged text',
    403,
    {
      error: {
        code: 403,
        message: 'Your chosen model requires moderation and your input was flagged for "harassment".',
        metadata: { reasons: ['harassment'], flagged_input: 'Incorrect API key provided' },
      },
    },
    input,
  ],
  ['no body', 400, undefined, input],
  ['no body', 422, undefined, input],
]);

/** Refusals that quote an article whose words sound like another refusal. */
const quoting = of('input_rejected', 'author', [
  ['begins with a quote', 400, error("'Incorrect API key provided' cannot be embedded"), input],
  ['begins with double quotes', 400, error('"Incorrect API key provided" cannot be embedded'), input],
  ['quotes', 400, error('Cannot embed "Incorrect API key provided": it holds a bad character'), input],
  [
    'quotes after a colon',
    400,
    error('Invalid text at index 3: Incorrect API key provided. You can obtain one.'),
    input,
  ],
  [
    'is told twice',
    422,
    {
      detail: [
        {
          loc: ['body', 'input', 0],
          msg: 'value is not valid',
          input: 'Budget has been exceeded',
          type: 'value_error',
        },
      ],
    },
    input,
  ],
  [
    'repeats the request',
    422,
    {
      detail: 'bad',
      body: { model: 'm', input: ['{"code":"invalid_api_key"}', { code: 'invalid_api_key' }] },
    },
    input,
  ],
  [
    'is long',
    400,
    error(`The text ${'x'.repeat(290)} API key not valid. Model not found. Budget has been exceeded`),
    input,
  ],
  ['holds JSON', 400, error('The text {"error":{"code":"insufficient_quota"}} cannot be embedded'), input],
]);

const pages = [400, 401, 403, 404, 406, 451].map(
  (status): VendorRefusal => ({
    what: 'a page',
    status,
    body: '<!DOCTYPE html><html><body>Your API key was blocked</body></html>',
    contentType: 'text/html; charset=UTF-8',
    code: 'provider_unavailable',
    who: 'provider',
  }),
);

export const vendorRefusals: readonly VendorRefusal[] = [
  ...credentials,
  ...models,
  ...bills,
  ...permissions,
  ...limits,
  ...passing,
  ...timeouts,
  ...inputs,
  ...quoting,
  ...pages,
];
