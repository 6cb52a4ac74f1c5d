import type { Role } from './roles.ts';

/** The actor of a request: the API key that it came with. Audit rows store the key's id and label, never the key. */
export interface Actor {
  readonly tenantId: string;
  readonly keyId: string | null;
  readonly label: string;
  readonly role: Role;
  /** The way that the request came, where it is not a call of the REST API. Audit rows show it. */
  readonly via?: 'mcp';
}

/** The service as the actor of a change that no API key made, such as a key that a provider rejected. */
export function serviceActor(tenantId: string): Actor {
  return { tenantId, keyId: null, label: 'lorekeep', role: 'superadmin' };
}
