/** The problems that a route may answer, and the successes. Written by hand, to compare the routes' declarations with. */
export interface ExpectedAnswers {
  readonly successes: readonly number[];
  /** Codes by status. */
  readonly problems: Readonly<Record<number, readonly string[]>>;
}

type Problems = ExpectedAnswers['problems'];

const everyRoute: Problems = {
  401: ['unauthorized'],
  403: ['forbidden'],
  429: ['rate_limited'],
  500: ['internal'],
  503: ['busy'],
};
const withId: Problems = { 400: ['malformed_request'], 404: ['not_found'] };
const withQuery: Problems = { 422: ['validation_failed'] };
const withBody: Problems = {
  400: ['malformed_json', 'malformed_request'],
  413: ['body_too_large'],
  415: ['unsupported_media_type'],
  422: ['validation_failed'],
};
const withIdempotencyKey: Problems = { 409: ['idempotency_key_reused'], 422: ['validation_failed'] };
/** A call that is made before settings are stored may fail. */
const withTrial: Problems = {
  422: [
    ...['no_api_key', 'credential_rejected', 'permission_denied', 'model_not_found', 'quota_exhausted'],
    ...['budget_exhausted', 'input_rejected', 'address_forbidden'],
  ],
  502: ['malformed_response'],
  503: ['provider_unavailable', 'provider_rate_limited', 'vault_unavailable', 'key_unusable'],
  504: ['provider_timeout'],
};
const withTransition: Problems = { 409: ['transition_not_allowed'] };

function answers(success: number | readonly number[], ...parts: readonly Problems[]): ExpectedAnswers {
  const problems: Record<number, string[]> = {};
  for (const part of [everyRoute, ...parts]) {
    for (const [status, codes] of Object.entries(part)) {
      const known = problems[Number(status)] ?? [];
      problems[Number(status)] = [...new Set([...known, ...codes])].sort();
    }
  }
  return { successes: [success].flat(), problems };
}

const transition = answers(200, withId, withTransition, withIdempotencyKey);

export const expectedAnswers: Readonly<Record<string, ExpectedAnswers>> = {
  'POST /articles': answers([200, 201], withBody, withIdempotencyKey),
  'POST /articles/merge': answers(201, withBody, withIdempotencyKey, withTransition, withTrial, {
    404: ['not_found'],
    422: ['document_too_large', 'answer_refused', 'answer_cut'],
    503: ['circuit_open'],
  }),
  'GET /articles': answers(200, withQuery),
  'GET /articles/:id': answers(200, withId),
  'PATCH /articles/:id': answers(200, withId, withBody, withTransition, { 412: ['revision_mismatch'] }),
  'POST /articles/:id/publish': transition,
  'POST /articles/:id/unpublish': transition,
  'POST /articles/:id/archive': transition,
  'POST /articles/:id/embedding/retry': answers(202, withId, withTransition, withIdempotencyKey),
  'DELETE /articles/:id': answers(200, withId, withTransition),
  'GET /knowledge/search': answers(200, withQuery),
  'GET /knowledge/context': answers(200, withQuery),
  'GET /knowledge/index': answers(200, withQuery),
  'GET /knowledge/embeddings': answers(200),
  'GET /providers': answers(200),
  'POST /knowledge/embeddings/retry': answers(202, withBody, withIdempotencyKey),
  'POST /knowledge/ingest': answers([200, 202], withBody, withIdempotencyKey, {
    422: ['no_api_key', 'url_forbidden'],
    503: ['vault_unavailable'],
  }),
  'POST /knowledge/ingest/batch': answers(200, withBody, withIdempotencyKey, { 422: ['no_api_key'] }),
  'GET /knowledge/ingestion-jobs': answers(200, withQuery),
  'GET /knowledge/ingestion-jobs/:id': answers(200, withId),
  'POST /knowledge/ingestion-jobs/:id/cancel': transition,
  'POST /knowledge/ingestion-jobs/:id/retry': answers(202, withId, withTransition, withIdempotencyKey, {
    422: ['no_api_key'],
  }),
  'POST /reviews': answers(201, withBody, withIdempotencyKey),
  'GET /reviews': answers(200, withQuery),
  'GET /reviews/:id': answers(200, withId),
  'POST /reviews/:id/retry': answers(202, withId, withTransition, withIdempotencyKey),
  'GET /knowledge/pipeline': answers(200, withQuery),
  'GET /tenants/me/llm-config': answers(200),
  'PATCH /tenants/me/llm-config': answers(200, withQuery, withBody, withTrial),
  'POST /tenants/me/llm-config/verify': answers(200, withIdempotencyKey),
  'GET /tenants/me/providers': answers(200),
  'POST /tenants/me/providers/:provider/reset': answers(200, withId, withIdempotencyKey),
  'GET /knowledge/llm-usage': answers(200, withQuery),
  'GET /audit': answers(200, withQuery),
  'GET /api-keys': answers(200, withQuery),
  'POST /api-keys': answers(201, withBody, withIdempotencyKey, { 404: ['not_found'] }),
  'PATCH /api-keys/:id': answers(200, withId, withBody),
  'DELETE /api-keys/:id': answers(204, withId, withTransition),
  'POST /admin/tenants': answers(201, withBody, withIdempotencyKey, { 409: ['already_exists'] }),
  'POST /admin/tenants/:id/api-keys': answers(201, withId, withBody, withIdempotencyKey),
};
