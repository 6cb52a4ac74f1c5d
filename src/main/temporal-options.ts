import type { Environment } from '../config.ts';
import type { TemporalOptions } from '../platform/temporal/client.ts';

/** Returns the Temporal settings of the environment. */
export function temporalOptions(environment: Environment<'temporal:setup'>): TemporalOptions {
  return {
    address: environment.TEMPORAL_ADDRESS,
    namespace: environment.TEMPORAL_NAMESPACE,
    tls: environment.TEMPORAL_TLS,
    ...(environment.TEMPORAL_API_KEY === undefined ? {} : { apiKey: environment.TEMPORAL_API_KEY }),
  };
}
