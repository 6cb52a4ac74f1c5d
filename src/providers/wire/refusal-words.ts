import type { FailureCode } from '../../domain/failures.ts';
import { spellWord } from './refusal-body.ts';

/**
 * The words that decide a refusal's code whatever else it says: codes, types and reasons of OpenAI-compatible servers, of Google,
 * of Azure, of proxies and of Anthropic. The words of one vendor alone are in the catalogue of vendors.
 */
export const preciseWords = {
  insufficient_quota: 'quota_exhausted',
  billing_hard_limit_reached: 'quota_exhausted',
  billing_not_active: 'quota_exhausted',
  billing_disabled: 'quota_exhausted',
  credit_balance_exhausted: 'quota_exhausted',
  credits_exhausted: 'quota_exhausted',
  organization_spend_limit_exceeded: 'quota_exhausted',
  organization_usage_limit_exceeded: 'quota_exhausted',
  project_spend_limit_exceeded: 'quota_exhausted',
  spend_limit_exceeded: 'quota_exhausted',
  spending_limit_exceeded: 'quota_exhausted',
  usage_limit_exceeded: 'quota_exhausted',
  usage_limit_reached: 'quota_exhausted',
  monthly_limit_exceeded: 'quota_exhausted',
  daily_limit_exceeded: 'quota_exhausted',
  billing_error: 'quota_exhausted',
  credit_balance_too_low: 'quota_exhausted',
  contract_spend_limit_reached: 'quota_exhausted',
  enforced_spend_limit_reached: 'quota_exhausted',
  budget_exceeded: 'quota_exhausted',
  exceeded_budget: 'quota_exhausted',
  exceeded_current_quota_error: 'quota_exhausted',
  quota_exhausted: 'quota_exhausted',
  quota_exceeded: 'quota_exhausted',
  insufficient_balance: 'quota_exhausted',
  insufficient_credit: 'quota_exhausted',
  insufficient_credits: 'quota_exhausted',
  insufficient_funds: 'quota_exhausted',
  out_of_credits: 'quota_exhausted',
  payment_required: 'quota_exhausted',
  arrearage: 'quota_exhausted',
  account_overdue: 'quota_exhausted',
  account_overdue_error: 'quota_exhausted',
  'AllocationQuota.FreeTierOnly': 'quota_exhausted',
  prepaid_bill_overdue: 'quota_exhausted',
  postpaid_bill_overdue: 'quota_exhausted',

  invalid_api_key: 'credential_rejected',
  API_KEY_INVALID: 'credential_rejected',
  incorrect_api_key: 'credential_rejected',
  invalid_api_token: 'credential_rejected',
  invalid_token: 'credential_rejected',
  invalid_access_token: 'credential_rejected',
  ACCESS_TOKEN_EXPIRED: 'credential_rejected',
  CREDENTIALS_MISSING: 'credential_rejected',
  CONSUMER_SUSPENDED: 'credential_rejected',
  api_key_expired: 'credential_rejected',
  expired_api_key: 'credential_rejected',
  expired_key: 'credential_rejected',
  expired_token: 'credential_rejected',
  token_expired: 'credential_rejected',
  api_key_disabled: 'credential_rejected',
  api_key_revoked: 'credential_rejected',
  api_key_not_found: 'credential_rejected',
  api_key_missing: 'credential_rejected',
  missing_api_key: 'credential_rejected',
  api_key_required: 'credential_rejected',
  no_api_key: 'credential_rejected',
  token_not_found_in_db: 'credential_rejected',
  invalid_credentials: 'credential_rejected',
  invalid_subscription_key: 'credential_rejected',
  account_deactivated: 'credential_rejected',
  organization_on_hold: 'credential_rejected',
  unrecognized_client_exception: 'credential_rejected',
  expired_token_exception: 'credential_rejected',

  // OpenAI sends it with 404 or, for a model that the key's project may not use, with 403. The key itself is good.
  model_not_found: 'model_not_found',
  model_not_found_error: 'model_not_found',
  model_not_exist: 'model_not_found',
  model_not_available: 'model_not_found',
  model_not_supported: 'model_not_found',
  model_not_allowed: 'model_not_found',
  model_decommissioned: 'model_not_found',
  model_deprecated: 'model_not_found',
  invalid_model: 'model_not_found',
  invalid_model_name: 'model_not_found',
  invalid_model_error: 'model_not_found',
  unknown_model: 'model_not_found',
  unsupported_model: 'model_not_found',
  no_such_model: 'model_not_found',
  DeploymentNotFound: 'model_not_found',
  key_model_access_denied: 'model_not_found',
  team_model_access_denied: 'model_not_found',
  user_model_access_denied: 'model_not_found',
  project_model_access_denied: 'model_not_found',
  org_model_access_denied: 'model_not_found',

  SERVICE_DISABLED: 'permission_denied',
  access_not_configured: 'permission_denied',
  API_KEY_SERVICE_BLOCKED: 'permission_denied',
  API_KEY_HTTP_REFERRER_BLOCKED: 'permission_denied',
  API_KEY_IP_ADDRESS_BLOCKED: 'permission_denied',
  API_KEY_ANDROID_APP_BLOCKED: 'permission_denied',
  API_KEY_IOS_APP_BLOCKED: 'permission_denied',
  IAM_PERMISSION_DENIED: 'permission_denied',
  USER_PROJECT_DENIED: 'permission_denied',
  CONSUMER_INVALID: 'permission_denied',
  LOCATION_POLICY_VIOLATED: 'permission_denied',
  SECURITY_POLICY_VIOLATED: 'permission_denied',
  ORG_RESTRICTION_VIOLATION: 'permission_denied',
  unsupported_country_region_territory: 'permission_denied',
  unsupported_region: 'permission_denied',
  region_not_supported: 'permission_denied',
  ip_not_authorized: 'permission_denied',
  ip_not_allowed: 'permission_denied',
  missing_scope: 'permission_denied',
  insufficient_scope: 'permission_denied',
  insufficient_permissions: 'permission_denied',
  AuthenticationTypeDisabled: 'permission_denied',
  public_network_access_disabled: 'permission_denied',
  model_terms_required: 'permission_denied',

  context_length_exceeded: 'input_rejected',
  exceed_context_size_error: 'input_rejected',
  string_above_max_length: 'input_rejected',
  array_above_max_length: 'input_rejected',
  max_tokens_per_request: 'input_rejected',
  tokens_limit_reached: 'input_rejected',
  request_too_large: 'input_rejected',
  content_filter: 'input_rejected',
  content_policy_violation: 'input_rejected',
  DataInspectionFailed: 'input_rejected',
} as const satisfies Record<string, FailureCode>;

/**
 * The words that decide where neither a precise word nor a message does: they name the kind of a refusal only. Those that say
 * nothing (`invalid_request_error`, `api_error`, `INVALID_ARGUMENT`) are absent, because the status says more.
 */
export const generalWords = {
  authentication_error: 'credential_rejected',
  authentication_failed: 'credential_rejected',
  invalid_authentication_error: 'credential_rejected',
  auth_error: 'credential_rejected',
  unauthenticated: 'credential_rejected',
  unauthorized: 'credential_rejected',

  permission_error: 'permission_denied',
  permission_denied: 'permission_denied',
  permission_denied_error: 'permission_denied',
  request_forbidden: 'permission_denied',
  access_denied: 'permission_denied',
  access_denied_exception: 'permission_denied',

  not_found_error: 'model_not_found',

  rate_limit_exceeded: 'provider_rate_limited',
  rate_limit_error: 'provider_rate_limited',
  rate_limit_reached: 'provider_rate_limited',
  ramp_limit_exceeded: 'provider_rate_limited',
  too_many_requests: 'provider_rate_limited',
  throttling_exception: 'provider_rate_limited',
  user_rate_limit_exceeded: 'provider_rate_limited',
  RESOURCE_EXHAUSTED: 'provider_rate_limited',

  timeout_error: 'provider_timeout',
  overloaded_error: 'provider_unavailable',
} as const satisfies Record<string, FailureCode>;

/** Finds the code of the first word that a list knows; undefined when it knows none. */
export type WordList = (words: readonly string[]) => FailureCode | undefined;

/** Makes a list of words that compares them in one spelling. */
export function createWordList(codes: Readonly<Record<string, FailureCode>>): WordList {
  const known = new Map(Object.entries(codes).map(([word, code]) => [spellWord(word), code]));
  return (words) => {
    for (const word of words) {
      const code = known.get(word);
      if (code !== undefined) return code;
    }
    return undefined;
  };
}
