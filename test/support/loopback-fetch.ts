import { createSafeFetch, type SafeFetch, type SafeFetchDeps } from '../../src/platform/net/safe-fetch.ts';

/**
 * The fetch of documents for servers of a test: every name leads to the loopback address, which is the only one that is allowed.
 * All else holds as in production.
 */
export function loopbackFetch(deps: Partial<SafeFetchDeps> = {}): SafeFetch {
  const { limits, ...others } = deps;
  return createSafeFetch({
    resolve: async () => ['127.0.0.1'],
    isAllowed: (ip) => ip === '127.0.0.1',
    version: '1.2.3',
    ...others,
    limits: { pauseMs: 0, ...limits },
  });
}
