import { defaultVendor, type ProviderTarget } from '../../domain/provider-target.ts';
import type { ProviderUrls } from '../../domain/provider-urls.ts';
import {
  type AllowedAddresses,
  type Connections,
  createConnections,
} from '../../platform/net/connections.ts';
import { createNameResolver } from '../../platform/net/resolve-name.ts';

/** How calls reach providers. */
export interface ProviderConnections {
  readonly connections: Connections;
  /** Which addresses tenants may choose. */
  readonly providerUrls: ProviderUrls;
}

/** Creates the connections to providers. */
export function createProviderConnections(providerUrls: ProviderUrls): ProviderConnections {
  return { connections: createConnections({ resolve: createNameResolver() }), providerUrls };
}

/** The vendors whose addresses the operator chose. */
const ofOperator: readonly string[] = [defaultVendor, 'anthropic'];

/** Whether the operator chose the address that a target is at, and not the tenant. */
export const isOperatorsOwn = ({ vendor }: Pick<ProviderTarget, 'vendor'>): boolean =>
  ofOperator.includes(vendor);

/** The addresses that a call to this target may reach when its connection is made. */
export function allowedAddressesOf(
  target: Pick<ProviderTarget, 'vendor'>,
  providerUrls: ProviderUrls,
): AllowedAddresses {
  return isOperatorsOwn(target) || providerUrls === 'any' ? 'any' : 'public';
}
