import type { Role } from './roles.ts';

/** Who acts: the API key a request came with. Audit rows keep its id and label, never the key. */
export interface Actor {
  readonly tenantId: string;
  readonly keyId: string | null;
  readonly label: string;
  readonly role: Role;
}

/** Nobody's key did it: the service itself found out. */
export function serviceActor(tenantId: string): Actor {
  return { tenantId, keyId: null, label: 'lorekeep', role: 'superadmin' };
}
