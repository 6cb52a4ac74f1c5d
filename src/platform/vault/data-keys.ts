/** An opened data key. It lives in memory only. */
export interface DataKey {
  /** Seals bytes (AES-256-GCM). `label` names what they are; only the same label opens them. */
  seal(label: string, plaintext: Uint8Array): Buffer;
  /** Opens sealed bytes; undefined where they were altered, or sealed under another key or label. */
  open(label: string, sealed: Uint8Array): Buffer | undefined;
}

/** A new data key, and the form in which it is stored. */
export type CreatedDataKey =
  | { readonly kind: 'ok'; readonly key: DataKey; readonly wrapped: string }
  | { readonly kind: 'failed'; readonly code: 'vault_unavailable' };

export type OpenedDataKey =
  | { readonly kind: 'ok'; readonly key: DataKey }
  | { readonly kind: 'failed'; readonly code: 'vault_unavailable' | 'key_unusable' };

/** Keys that seal a tenant's texts. Vault makes them and wraps them, so that a text opens only while Vault allows it. */
export interface DataKeys {
  /** Makes a key of the tenant. */
  create(tenantId: string): Promise<CreatedDataKey>;
  /** Opens a wrapped key of the tenant; one of another tenant does not open. */
  open(tenantId: string, wrapped: string): Promise<OpenedDataKey>;
}
