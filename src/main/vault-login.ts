import type { Environment } from '../config.ts';
import type { VaultLogin } from '../platform/vault/transit.ts';

/** How the process logs in to Vault: with a token, else with an AppRole. The environment's check requires one of the two. */
export function vaultLogin(environment: Environment<'vault:setup'>): VaultLogin {
  return environment.VAULT_TOKEN === undefined
    ? {
        kind: 'app_role',
        roleId: environment.VAULT_ROLE_ID ?? '',
        secretId: environment.VAULT_SECRET_ID ?? '',
      }
    : { kind: 'token', token: environment.VAULT_TOKEN };
}
