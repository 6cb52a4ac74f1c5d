import { createHash, createSecretKey } from 'node:crypto';
import { createSharedCache } from '../async/shared-cache.ts';
import { openSealed, sealBytes } from './sealed-bytes.ts';
import type { Transit } from './transit.ts';

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

export interface DataKeysDeps {
  readonly transit: Pick<Transit, 'createDataKey' | 'unwrapDataKey'>;
  /** The most opened keys in this process's memory. */
  readonly maxKeys?: number;
  /** How long an opened key stays in memory. A document has a key for all of its parts, so a short time spares Vault most calls. */
  readonly ttlMs?: number;
}

/** Vault derives a separate wrapping key from this context, so that a key that was moved to another tenant cannot be opened. */
const contextOf = (tenantId: string) => `lorekeep/document/${tenantId}`;

/** Creates the data keys. Vault is asked once per key and minute; a sealed Vault closes all texts within that minute. */
export function createDataKeys(deps: DataKeysDeps): DataKeys {
  const { transit } = deps;
  const opened = createSharedCache<OpenedDataKey>({
    ttlMs: deps.ttlMs ?? 60_000,
    maxSize: deps.maxKeys ?? 500,
    sizeOf: () => 1,
    worthKeeping: (answer) => answer.kind === 'ok',
    // Otherwise an expired key would stay in memory until it is asked for again.
    purgeExpired: true,
  });

  return {
    async create(tenantId) {
      const made = await transit.createDataKey(contextOf(tenantId));
      if (made.kind === 'failed') return made;
      const key = dataKeyOf(made.bytes);
      return key === undefined
        ? { kind: 'failed', code: 'vault_unavailable' }
        : { kind: 'ok', key, wrapped: made.wrapped };
    },

    open(tenantId, wrapped) {
      const name = `${tenantId}/${createHash('sha256').update(wrapped).digest('base64')}`;
      return opened.get(name, async (): Promise<OpenedDataKey> => {
        const unwrapped = await transit.unwrapDataKey(contextOf(tenantId), wrapped);
        if (unwrapped.kind === 'failed') return unwrapped;
        const key = dataKeyOf(unwrapped.bytes);
        return key === undefined ? { kind: 'failed', code: 'key_unusable' } : { kind: 'ok', key };
      });
    },
  };
}

const keyBytes = 32;

/** Holds the key in a form that no log, JSON or inspection shows, and wipes the given bytes. Undefined for bytes that are no key. */
function dataKeyOf(bytes: Buffer): DataKey | undefined {
  if (bytes.length !== keyBytes) return undefined;
  const key = createSecretKey(bytes);
  bytes.fill(0);
  return {
    seal: (label, plaintext) => sealBytes(key, label, plaintext),
    open: (label, sealed) => openSealed(key, label, sealed),
  };
}
