import { createHash } from 'node:crypto';
import type { Provider } from '../domain/operations.ts';
import { createSharedCache } from '../platform/async/shared-cache.ts';
import type { Decrypted, Encrypted, Transit } from '../platform/vault/transit.ts';
import type { LlmConfigMetrics } from './metrics.ts';

/** What a key is for: a tenant's calls to one provider, at one origin (scheme, host and port). */
export interface KeyUse {
  readonly tenantId: string;
  readonly provider: Provider;
  readonly origin: string;
}

/** Encrypts and opens the tenants' provider keys. */
export interface KeyCustody {
  /** Encrypts a key, bound to what it is for. Fails with `vault_unavailable`. */
  seal(use: KeyUse, plaintext: string): Promise<Encrypted>;
  /**
   * Opens a stored key. Fails with `vault_unavailable`, or with `key_unusable` for a ciphertext that was altered or sealed
   * for another use.
   */
  open(use: KeyUse, ciphertext: string): Promise<Decrypted>;
}

export interface KeyCustodyDeps {
  readonly transit: Pick<Transit, 'encrypt' | 'decrypt'>;
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
 * Vault derives a separate key from this context. So a ciphertext that was moved to another tenant or provider, or whose address
 * was changed, cannot be opened.
 */
const contextOf = ({ tenantId, provider, origin }: KeyUse) =>
  `lorekeep/${purposes[provider]}/${tenantId}/${origin}`;

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
    seal: (use, plaintext) => transit.encrypt(contextOf(use), plaintext),

    open(use, ciphertext) {
      const context = contextOf(use);
      const name = `${context}/${createHash('sha256').update(ciphertext).digest('base64')}`;
      return opened.get(name, () => openInVault(context, ciphertext));
    },
  };
}
