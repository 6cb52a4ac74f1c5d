import { createHash } from 'node:crypto';
import type { Provider } from '../domain/operations.ts';
import { createSharedCache } from '../platform/async/shared-cache.ts';
import type { Decrypted, Encrypted, Transit } from '../platform/vault/transit.ts';
import type { LlmConfigMetrics } from './metrics.ts';

/** Encrypts and opens the tenants' provider keys. */
export interface KeyCustody {
  /** Encrypts a tenant's key, bound to the tenant and the provider. Fails with `vault_unavailable`. */
  seal(tenantId: string, provider: Provider, plaintext: string): Promise<Encrypted>;
  /**
   * Opens a tenant's stored key. Fails with `vault_unavailable`, or with `key_unusable` for a ciphertext that was
   * altered or belongs to another tenant or provider.
   */
  open(tenantId: string, provider: Provider, ciphertext: string): Promise<Decrypted>;
}

export interface KeyCustodyDeps {
  readonly transit: Transit;
  readonly metrics: Pick<LlmConfigMetrics, 'keyOpened'>;
  /** The most opened keys in this process's memory. */
  readonly maxKeys?: number;
  /**
   * How long an opened key stays in memory. A longer time spares Vault; a shorter one exposes less to a memory dump.
   */
  readonly ttlMs?: number;
}

const purposes: Readonly<Record<Provider, string>> = {
  embedding: 'embedding_api_key',
  anthropic: 'anthropic_api_key',
};

/**
 * Vault derives a separate key from this context, so a ciphertext moved to another tenant or provider cannot be opened.
 */
const contextOf = (tenantId: string, provider: Provider) => `lorekeep/${purposes[provider]}/${tenantId}`;

/**
 * Creates the custody of the tenants' provider keys. Vault encrypts them at rest. Opened keys stay in memory for the
 * shortest time that spares Vault.
 */
export function createKeyCustody(deps: KeyCustodyDeps): KeyCustody {
  const { transit, metrics } = deps;
  const opened = createSharedCache<Decrypted>({
    ttlMs: deps.ttlMs ?? 60_000,
    maxSize: deps.maxKeys ?? 500,
    sizeOf: () => 1,
    worthKeeping: (answer) => answer.kind === 'ok',
    // Otherwise an expired key would stay in memory until it is asked for again.
    purgeExpired: true,
    onHit: () => metrics.keyOpened({ by: 'cache', code: 'ok' }),
  });

  const openInVault = async (context: string, ciphertext: string): Promise<Decrypted> => {
    const answer = await transit.decrypt(context, ciphertext);
    metrics.keyOpened({ by: 'vault', code: answer.kind === 'ok' ? 'ok' : answer.code });
    return answer;
  };

  return {
    seal: (tenantId, provider, plaintext) => transit.encrypt(contextOf(tenantId, provider), plaintext),

    open(tenantId, provider, ciphertext) {
      const context = contextOf(tenantId, provider);
      const name = `${context}/${createHash('sha256').update(ciphertext).digest('base64')}`;
      return opened.get(name, () => openInVault(context, ciphertext));
    },
  };
}
