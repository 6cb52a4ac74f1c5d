/**
 * Why no answer came over the network: a closed list, so that it says nothing about the address. It goes to operators only, in log
 * lines, metrics and the readiness view. A failure with several of them has the first in this order, because a machine without
 * IPv6, for one, finds half of every host unreachable.
 */
export const transportCauses = [
  'name_not_found',
  'self_signed',
  'unknown_authority',
  'expired_certificate',
  'wrong_host',
  'tls_failed',
  'connection_refused',
  'connection_reset',
  'connect_timeout',
  'host_unreachable',
  'other',
] as const;
export type TransportCause = (typeof transportCauses)[number];
