/** The roles of API keys, from the lowest to the highest. */
export const roles = ['agent', 'orchestrator', 'user', 'superadmin'] as const;

export type Role = (typeof roles)[number];

/** The roles that a tenant's own keys can have: the superadmin belongs to no tenant. */
export const tenantRoles = ['agent', 'orchestrator', 'user'] as const;

export type TenantRole = (typeof tenantRoles)[number];

/** Whether the role `held` is `needed` or a higher one. */
export function allows(held: Role, needed: Role): boolean {
  return roles.indexOf(held) >= roles.indexOf(needed);
}
