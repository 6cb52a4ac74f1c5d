/** What is known of a tenant's key for a provider. */
export const keyStatuses = ['none', 'unverified', 'verified', 'rejected'] as const;
export type KeyStatus = (typeof keyStatuses)[number];
