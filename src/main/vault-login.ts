import type { Environment } from '../config.ts';
import type { VaultLogin } from '../platform/vault/transit.ts';

/** The environment's way into Vault: a token, else an AppRole. The environment's check has seen to one of them. */
export function vaultLogin(environment: Environment<'vault:setup'>): VaultLogin {
  return environment.VAULT_TOKEN === undefined
    ? {
        kind: 'app_role',
        roleId: environment.VAULT_ROLE_ID ?? '',
        secretId: environment.VAULT_SECRET_ID ?? '',
      }
    : { kind: 'token', token: environment.VAULT_TOKEN };
}
