/**
 * Which addresses tenants may choose: those of the listed vendors; any public one; or private ones too, for an installation inside
 * one company.
 */
export const providerUrls = ['listed', 'public', 'any'] as const;
export type ProviderUrls = (typeof providerUrls)[number];
