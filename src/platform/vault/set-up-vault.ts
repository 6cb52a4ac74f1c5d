import { issueCredentials, setUpAppRole } from './set-up-app-role.ts';
import { runSetUpSteps, type StepFailure, type VaultConnection } from './set-up-steps.ts';
import { setUpTransit, type TransitKey } from './set-up-transit.ts';

export interface VaultSetUpOptions extends VaultConnection, TransitKey {
  /** The file for the application's credentials. Without it no credentials are issued. */
  readonly credentialsFile?: string;
}

export type VaultSetUp =
  | { readonly kind: 'ready'; readonly credentials: 'kept' | 'issued' | 'not_asked' }
  | { readonly kind: 'key_not_derived' }
  | StepFailure;

/** Prepares Vault for the application: transit engine, key, policy, AppRole and, on request, credentials. Safe to repeat. */
export async function setUpVault(options: VaultSetUpOptions): Promise<VaultSetUp> {
  return runSetUpSteps<VaultSetUp>(options, async (steps) => {
    if ((await setUpTransit(steps, options)) === 'key_not_derived') return { kind: 'key_not_derived' };
    await setUpAppRole(steps);
    const { credentialsFile } = options;
    const credentials = credentialsFile ? await issueCredentials(steps, credentialsFile) : 'not_asked';
    return { kind: 'ready', credentials };
  });
}
