import { type TransportCause, transportCauses } from '../../domain/transport-cause.ts';
import { errorsWithin } from './errors-within.ts';

/** The codes of Node, c-ares, OpenSSL and undici. */
const causes: ReadonlyMap<string, TransportCause> = new Map(
  Object.entries({
    name_not_found: ['ENOTFOUND', 'ENODATA', 'ENONAME', 'EBADNAME', 'ESERVFAIL', 'EREFUSED', 'ETIMEOUT'],
    self_signed: ['DEPTH_ZERO_SELF_SIGNED_CERT'],
    unknown_authority: [
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'UNABLE_TO_GET_ISSUER_CERT',
      'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      // The root came with the chain, and is not one of the machine's: the usual sign of a proxy that opens TLS.
      'SELF_SIGNED_CERT_IN_CHAIN',
      'CERT_UNTRUSTED',
      'INVALID_CA',
    ],
    expired_certificate: ['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID'],
    wrong_host: ['ERR_TLS_CERT_ALTNAME_INVALID', 'HOSTNAME_MISMATCH'],
    tls_failed: [
      'EPROTO',
      'CERT_REVOKED',
      'CERT_REJECTED',
      'CERT_SIGNATURE_FAILURE',
      'CERT_CHAIN_TOO_LONG',
      'INVALID_PURPOSE',
      'PATH_LENGTH_EXCEEDED',
    ],
    connection_refused: ['ECONNREFUSED'],
    connection_reset: ['ECONNRESET', 'ECONNABORTED', 'EPIPE', 'UND_ERR_SOCKET'],
    connect_timeout: ['ETIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT'],
    host_unreachable: [
      'EHOSTUNREACH',
      'EHOSTDOWN',
      'ENETUNREACH',
      'ENETDOWN',
      'EADDRNOTAVAIL',
      'EAFNOSUPPORT',
      // A packet filter of this machine.
      'EACCES',
      'EPERM',
    ],
  } as const satisfies Partial<Record<TransportCause, readonly string[]>>).flatMap(([cause, codes]) => {
    const named = transportCauses.find((name) => name === cause) ?? 'other';
    return codes.map((code): [string, TransportCause] => [code, named]);
  }),
);

/** Reads the cause of a transport failure from the codes of an error and of all that it holds. Never throws, whatever it is given. */
export function transportCauseOf(thrown: unknown): TransportCause {
  const found = new Set(errorsWithin(thrown).map(({ code }) => causeOfCode(code)));
  return transportCauses.find((cause) => found.has(cause)) ?? 'other';
}

function causeOfCode(code: unknown): TransportCause | undefined {
  if (typeof code !== 'string') return undefined;
  if (code.startsWith('EAI_')) return 'name_not_found';
  return causes.get(code) ?? (/^ERR_(SSL|TLS)_/.test(code) ? 'tls_failed' : undefined);
}
