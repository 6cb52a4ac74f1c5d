import type { PlantedFault } from './planted-fault.ts';

const refusal = [
  'test/unit/providers/classify-refusal.test.ts',
  'test/unit/providers/known-words.test.ts',
  'test/unit/providers/vendor-refusals.test.ts',
];
const retryAfter = ['test/unit/providers/retry-after.test.ts', 'test/unit/providers/known-limits.test.ts'];
const boundedFetch = ['test/unit/providers/bounded-fetch.test.ts'];
const client = ['test/integration/providers/embedding-client.test.ts'];
const failures = ['test/unit/domain/failures.test.ts'];

/** Faults in the reading of a provider's answers. */
export const classificationFaults: readonly PlantedFault[] = [
  ...(
    [
      ['billing_hard_limit_reached', 'quota_exhausted'],
      ['billing_not_active', 'quota_exhausted'],
      ['organization_usage_limit_exceeded', 'quota_exhausted'],
      ['organization_on_hold', 'credential_rejected'],
      ['ramp_limit_exceeded', 'provider_rate_limited'],
      ['string_above_max_length', 'input_rejected'],
    ] as const
  ).map(([word, code]) => ({
    file: 'src/providers/wire/refusal-words.ts',
    find: `  ${word}: '${code}',\n`,
    replace: '',
    why: `the word ${word} is missing`,
    tests: refusal,
  })),
  {
    file: 'src/providers/wire/classify-refusal.ts',
    find: 'if (status === 402 && !isPage(refusal))',
    replace: 'if (status === 402 && isPage(refusal))',
    why: 'a bill that says something else is that',
    tests: refusal,
  },
  {
    file: 'src/providers/wire/classify-refusal.ts',
    find: "    case 403:\n      return 'permission_denied';",
    replace: "    case 403:\n      return 'credential_rejected';",
    why: 'a permission is taken for the key',
    tests: refusal,
  },
  {
    file: 'src/providers/wire/classify-refusal.ts',
    find: 'if (status >= 500) return codeOfBrokenServer',
    replace: 'if (status > 500) return codeOfBrokenServer',
    why: '500 is taken for a refusal of the text',
    tests: refusal,
  },
  {
    file: 'src/providers/wire/classify-refusal.ts',
    find: "if (status === 504 || general(body.words) === 'provider_timeout') return 'provider_timeout';",
    replace: '',
    why: 'a time-out that the provider reports is an outage',
    tests: refusal,
  },
  {
    file: 'src/providers/wire/classify-refusal.ts',
    find: "if (isPage(refusal) && ![413, 429].includes(status)) return 'provider_unavailable';",
    replace: '',
    why: 'the page of a firewall is taken for the vendor',
    tests: refusal,
  },
  {
    file: 'src/providers/wire/classify-refusal.ts',
    find: "if (status === 429 && isDaily(body)) return 'quota_exhausted';",
    replace: '',
    why: 'a limit of the day is waited for as one of the minute',
    tests: refusal,
  },
  {
    file: 'src/providers/wire/refusal-body.ts',
    find: 'words.sort((a, b) => a.rank - b.rank)',
    replace: 'words.sort((a, b) => b.rank - a.rank)',
    why: 'the type goes before the more precise code',
    tests: refusal,
  },
  {
    file: 'src/providers/wire/refusal-body.ts',
    find: 'if (echoFields.has(spelt) && !isErrorOf(spelt, inner)) continue;',
    replace: '',
    why: 'words of an article that a refusal repeats decide its code',
    tests: refusal,
  },
  {
    file: 'src/providers/wire/refusal-message.ts',
    find: "'$1§'",
    replace: "'$&'",
    why: 'what a message quotes decides its code',
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
    file: 'src/providers/wire/retry-after.ts',
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
    find: `countsForBreaker: false,\n    workflow: 'fails',\n    article: 'blocked',\n    httpStatus: 422,\n    title: "The key's quota`,
    replace: `countsForBreaker: true,\n    workflow: 'fails',\n    article: 'blocked',\n    httpStatus: 422,\n    title: "The key's quota`,
    why: 'a spent quota counts for the breaker',
    tests: failures,
  },
  {
    file: 'src/domain/failures.ts',
    find: "workflow: 'fails',\n    article: 'failed',\n    httpStatus: 503,\n    title: 'The stored key",
    replace: "workflow: 'retries',\n    article: 'failed',\n    httpStatus: 503,\n    title: 'The stored key",
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
