import { createHash } from 'node:crypto';
import type { Provider } from '../domain/operations.ts';
import { createSharedCache } from '../platform/async/shared-cache.ts';
import type { Decrypted, Encrypted, Transit } from '../platform/vault/transit.ts';
import type { LlmConfigMetrics } from './metrics.ts';

export interface KeyCustody {
  /** Encrypts a tenant's key for its one column. Fails with `vault_unavailable`. */
  seal(tenantId: string, provider: Provider, plaintext: string): Promise<Encrypted>;
  /**
   * Opens a tenant's stored key. Fails with `vault_unavailable`, or with `key_unusable` for a ciphertext that was altered
   * or belongs to another tenant or column.
   */
  open(tenantId: string, provider: Provider, ciphertext: string): Promise<Decrypted>;
}

export interface KeyCustodyDeps {
  readonly transit: Transit;
  readonly metrics: Pick<LlmConfigMetrics, 'keyOpened'>;
  /** Opened keys kept in this process's memory. */
  readonly maxKeys?: number;
  /** How long an opened key is kept: what spares Vault, and what a memory dump could find. */
  readonly keepMs?: number;
}

const purposes: Readonly<Record<Provider, string>> = {
  embedding: 'embedding_api_key',
  anthropic: 'anthropic_api_key',
};

/** Vault derives a key of its own from this: a ciphertext moved to another tenant or column cannot be opened there. */
const contextOf = (tenantId: string, provider: Provider) => `lorekeep/${purposes[provider]}/${tenantId}`;

/** Keeps the tenants' provider keys: encrypted at rest by Vault, in plain for the shortest time that spares Vault. */
export function createKeyCustody(deps: KeyCustodyDeps): KeyCustody {
  const { transit, metrics } = deps;
  const opened = createSharedCache<Decrypted>({
    ttlMs: deps.keepMs ?? 60_000,
    maxSize: deps.maxKeys ?? 500,
    sizeOf: () => 1,
    worthKeeping: (answer) => answer.kind === 'ok',
    // Without this a key that nobody asks for again would stay in memory.
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
