import './library-output.ts';

import { parseArgs } from 'node:util';
import { loadEnvironment } from '../config.ts';
import { printProblem, printResult } from '../platform/telemetry/library-output.ts';
import { createLogger } from '../platform/telemetry/logging.ts';
import { setUpVault, type VaultSetUp } from '../platform/vault/set-up-vault.ts';
import { reportLibraryOutput } from './library-output.ts';
import { vaultLogin } from './vault-login.ts';

reportLibraryOutput(
  createLogger({ level: 'info', process: 'vault:setup', destination: { write: printProblem } }),
);

const timeoutMs = 10_000;

const { values } = parseArgs({ options: { 'credentials-file': { type: 'string' } } });
const environment = loadEnvironment('vault:setup');
const credentialsFile = values['credentials-file'];
const result = await setUpVault({
  address: environment.VAULT_ADDR,
  login: vaultLogin(environment),
  mount: environment.VAULT_TRANSIT_MOUNT,
  key: environment.VAULT_TRANSIT_KEY,
  ...(credentialsFile === undefined ? {} : { credentialsFile }),
  timeoutMs,
});
printResult(`${describe(result)}\n`);
process.exitCode = result.kind === 'ready' ? 0 : 1;

/** Describes the result for the operator, without any value of the environment. */
function describe(result: VaultSetUp): string {
  switch (result.kind) {
    case 'ready':
      return `Vault is ready: the transit engine, the key, the policy and the AppRole exist (credentials: ${result.credentials.replace('_', ' ')}).`;
    case 'refused':
      return `Vault refused to ${result.step} (status ${result.status}).`;
    case 'unreachable':
      return `Vault could not be reached to ${result.step}.`;
    case 'key_not_derived':
      return 'The transit key exists but is not derived, so a ciphertext would open for any tenant. Set VAULT_TRANSIT_KEY to another name.';
    default:
      return result satisfies never;
  }
}
