/** The kinds of provider that a tenant brings a key for. */
export const providers = ['embedding', 'anthropic'] as const;

export type Provider = (typeof providers)[number];

/** A key as it may cross a boundary: which one, never what it is. */
export interface KeyReference {
  readonly provider: Provider;
  readonly model: string;
  readonly keyVersion: number;
}
