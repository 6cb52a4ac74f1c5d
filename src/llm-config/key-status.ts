/** The status of a tenant's key: there is none, or whether the provider has accepted or rejected it. */
export const keyStatuses = ['none', 'unverified', 'verified', 'rejected'] as const;
export type KeyStatus = (typeof keyStatuses)[number];
