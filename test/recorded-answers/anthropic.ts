import { page, type RecordedRefusal, refusal, refusedField } from './recorded-vendor.ts';

const error = (type: string, message: string, details?: object) => ({
  type: 'error',
  error: { type, message, ...(details === undefined ? {} : { details }) },
  request_id: 'req_011CSHoEeqs5C35K2UUqR7Fy',
});
const invalid = (message: string) => error('invalid_request_error', message);

/** The refusals of Anthropic's Messages API, written down from its documents and from what its users report. */
export const anthropicRefusals: readonly RecordedRefusal[] = [
  refusal('bad key', 401, error('authentication_error', 'invalid x-api-key')),
  refusal('bad key', 401, error('authentication_error', 'OAuth token has expired.')),
  refusal('model', 404, error('not_found_error', 'model: claude-3-5-haiku-20241022')),
  refusal(
    'permission',
    403,
    error('permission_error', 'Your API key does not have permission to use the specified resource.'),
  ),
  refusal(
    'permission',
    403,
    error('permission_error', 'OAuth authentication is currently not allowed for this organization.'),
  ),
  refusal('permission', 403, {
    error: { type: 'forbidden', message: 'Request not allowed' },
  }),
  refusal(
    'permission',
    403,
    error(
      'permission_error',
      'Access to Anthropic models is not allowed from unsupported countries, regions, or territories.',
    ),
  ),
  refusal('permission', 400, invalid('This organization has been disabled.')),
  refusal(
    'bill',
    400,
    invalid(
      'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.',
    ),
  ),
  refusal(
    'bill',
    400,
    invalid(
      'You have reached your specified API usage limits. You will regain access on 2026-12-01 at 00:00 UTC.',
    ),
  ),
  refusal('bill', 402, error('billing_error', 'There is an issue with your billing or payment information.')),
  refusal(
    'bill',
    429,
    error('rate_limit_error', 'This request would exceed your spend limit.', {
      error_code: 'enforced_spend_limit_reached',
    }),
  ),
  refusal(
    'rate',
    429,
    error(
      'rate_limit_error',
      'This request would exceed the rate limit for your organization of 50,000 input tokens per minute.',
    ),
    { 'retry-after': '12', 'anthropic-ratelimit-input-tokens-reset': '2026-11-30T12:00:12Z' },
  ),
  refusal(
    'rate',
    429,
    error(
      'rate_limit_error',
      "This request would exceed your organization's maximum usage increase rate for input tokens per minute.",
    ),
  ),
  refusal(
    'rate',
    429,
    error('rate_limit_error', 'Number of concurrent connections has exceeded your rate limit.'),
  ),
  refusal('too many tokens', 400, invalid('prompt is too long: 212037 tokens > 200000 maximum')),
  refusal(
    'too many tokens',
    400,
    invalid(
      'input length and `max_tokens` exceed context limit: 197202 + 21333 > 200000, decrease input length or `max_tokens` and try again',
    ),
  ),
  refusal('too many tokens', 413, error('request_too_large', 'Request exceeds the maximum size')),
  refusal(
    'input',
    400,
    invalid(
      'messages.0: all messages must have non-empty content except for the optional final assistant message',
    ),
  ),
  refusal('input', 400, invalid('Output blocked by content filtering policy')),
  refusedField('output_config', 400, invalid('output_config: Extra inputs are not permitted')),
  refusedField('output_config', 400, invalid('output_config.format: Extra inputs are not permitted')),
  refusedField('output_format', 400, invalid('output_format: Extra inputs are not permitted')),
  refusal('passing', 529, error('overloaded_error', 'Overloaded')),
  refusal('passing', 502, ''),
  refusal('failing server', 500, error('api_error', 'Internal server error')),
  refusal('timeout', 504, error('timeout_error', 'Request timed out')),
  page(503, 'Service unavailable'),
];
