import { isAddressForbidden } from '../../platform/net/address-forbidden.ts';
import { transportCauseOf } from '../../platform/net/transport-cause.ts';
import { UnusableAnswer } from './bounded-fetch.ts';
import type { FailedAttempt } from './provider-answer.ts';

/**
 * Maps what a bounded fetch throws to a code. Every value has one: no answer came, or none that can be read. A value that cannot
 * even be inspected is `internal`.
 */
export function classifyTransport(
  error: unknown,
  { timedOut, sent }: { readonly timedOut: boolean; readonly sent: boolean },
): FailedAttempt {
  try {
    if (timedOut) return { code: 'provider_timeout', ...(sent ? {} : { cause: 'connect_timeout' }) };
    if (error instanceof UnusableAnswer) return { code: 'malformed_response' };
    if (isAddressForbidden(error)) return { code: 'address_forbidden' };
    return { code: 'provider_unavailable', cause: transportCauseOf(error) };
  } catch {
    return { code: 'internal' };
  }
}
