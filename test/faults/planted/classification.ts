import type { PlantedFault } from './planted-fault.ts';

const refusal = ['test/unit/providers/classify-refusal.test.ts', 'test/unit/providers/known-words.test.ts'];
const retryAfter = ['test/unit/providers/retry-after.test.ts', 'test/unit/providers/known-limits.test.ts'];
const boundedFetch = ['test/unit/providers/bounded-fetch.test.ts'];
const client = ['test/integration/providers/embedding-client.test.ts'];
const failures = ['test/unit/domain/failures.test.ts'];

/** Faults in the reading of a provider's answers. */
export const classificationFaults: readonly PlantedFault[] = [
  ...(
    [
      ['project_spend_limit_exceeded', 'quota_exhausted'],
      ['billing_not_active', 'quota_exhausted'],
      ['contract_spend_limit_reached', 'quota_exhausted'],
      ['organization_on_hold', 'credential_rejected'],
      ['ramp_limit_exceeded', 'provider_rate_limited'],
      ['string_above_max_length', 'input_rejected'],
    ] as const
  ).map(([word, code]) => ({
    file: 'src/providers/wire/classify-refusal.ts',
    find: `  ${word}: '${code}',\n`,
    replace: '',
    why: `the word ${word} is missing`,
    tests: refusal,
  })),
  {
    file: 'src/providers/wire/classify-refusal.ts',
    find: "case 402:\n      return 'quota_exhausted';",
    replace: "case 402:\n      return 'input_rejected';",
    why: '402 without a known word rejects the text',
    tests: refusal,
  },
  {
    file: 'src/providers/wire/classify-refusal.ts',
    find: 'status >= 500',
    replace: 'status > 500',
    why: '500 is taken for a refusal of the text',
    tests: refusal,
  },
  {
    file: 'src/providers/wire/classify-refusal.ts',
    find: "return byWord === 'provider_timeout' ? byWord : 'provider_unavailable'",
    replace: "return 'provider_unavailable'",
    why: 'a time-out that the provider reports is an outage',
    tests: refusal,
  },
  {
    file: 'src/providers/wire/classify-refusal.ts',
    find: "[details?.error_code, code, spent ? 'credit_balance_too_low' : undefined, type]",
    replace: "[details?.error_code, type, spent ? 'credit_balance_too_low' : undefined, code]",
    why: 'the type goes before the more precise code',
    tests: refusal,
  },
  {
    file: 'src/providers/wire/retry-after.ts',
    find: 'Math.min(Math.max(Math.ceil(waitMs), 0), maxWaitMs)',
    replace: 'Math.max(Math.ceil(waitMs), 0)',
    why: 'a wait of a day is believed',
    tests: retryAfter,
  },
  {
    file: 'src/providers/wire/retry-after.ts',
    find: 'Math.max(...waits)',
    replace: 'Math.min(...waits)',
    why: 'the shortest of the limits that are used up',
    tests: retryAfter,
  },
  {
    file: 'src/providers/wire/retry-after.ts',
    find: "['anthropic-ratelimit-output-tokens-remaining', 'anthropic-ratelimit-output-tokens-reset'],",
    replace: '',
    why: 'one of the limits of a vendor is not read',
    tests: retryAfter,
  },
  {
    file: 'src/providers/wire/header-values.ts',
    find: "['d', 86_400_000],",
    replace: "['d', 8_640_000],",
    why: 'a day of two hours and 24 minutes',
    tests: retryAfter,
  },
  {
    file: 'src/providers/embedding/embedding-client.ts',
    find: 'vectors.get(index) ?? []',
    replace: 'parsed.data.data[index]?.embedding ?? []',
    why: 'vectors in the order of the answer, not of the inputs',
    tests: client,
  },
  {
    file: 'src/providers/embedding/embedding-client.ts',
    find: ' && stored.some((value) => value !== 0)',
    replace: '',
    why: 'a vector of zeros is stored',
    tests: client,
  },
  {
    file: 'src/providers/wire/bounded-fetch.ts',
    find: "redirect: 'manual'",
    replace: "redirect: 'follow'",
    why: 'a key follows a redirect to another host',
    tests: boundedFetch,
  },
  {
    file: 'src/providers/wire/bounded-fetch.ts',
    find: 'const maxRefusalBytes = 64 * 1024;',
    replace: 'const maxRefusalBytes = 64 * 1024 * 1024;',
    why: 'the body of a refusal is read without a bound',
    tests: boundedFetch,
  },
  {
    file: 'src/domain/failures.ts',
    find: "quota_exhausted: {\n    who: 'tenant',\n    countsForBreaker: false,",
    replace: "quota_exhausted: {\n    who: 'tenant',\n    countsForBreaker: true,",
    why: 'a spent quota counts for the breaker',
    tests: failures,
  },
  {
    file: 'src/domain/failures.ts',
    find: "key_unusable: {\n    who: 'operator',\n    countsForBreaker: false,\n    workflow: 'fails',",
    replace: "key_unusable: {\n    who: 'operator',\n    countsForBreaker: false,\n    workflow: 'retries',",
    why: 'a key that cannot be opened is tried for a day',
    tests: failures,
  },
  {
    file: 'src/providers/wire/bounded-fetch.ts',
    find: '.filter(([name]) => requestHeaders.includes(name))',
    replace: '',
    why: 'headers from the environment of the process reach the provider',
    tests: boundedFetch,
  },
  {
    file: 'src/providers/wire/classify-error.ts',
    find: 'timedOut || error instanceof vendor.APIConnectionTimeoutError',
    replace: 'error instanceof vendor.APIConnectionTimeoutError',
    why: 'a call that our own time has ended is something else',
    tests: ['test/unit/providers/classify-error.test.ts'],
  },
  {
    file: 'src/providers/wire/classify-error.ts',
    find: "error.cause instanceof UnusableAnswer ? 'malformed_response' : 'provider_unavailable'",
    replace: "'provider_unavailable'",
    why: 'an answer that is too large counts for the breaker',
    tests: ['test/unit/providers/classify-error.test.ts'],
  },
  {
    file: 'src/providers/wire/classify-error.ts',
    find: "if (error instanceof vendor.APIUserAbortError) return { code: 'provider_timeout' };",
    replace: '',
    why: 'an aborted request is an outage',
    tests: ['test/unit/providers/classify-error.test.ts'],
  },
  {
    file: 'src/providers/wire/classify-error.ts',
    find: "if (error instanceof SyntaxError) return { code: 'malformed_response' };",
    replace: '',
    why: 'a body that is no JSON is a bug of ours',
    tests: ['test/unit/providers/classify-error.test.ts'],
  },
];
