// Revokes OpenBao's first token (VAULT_TOKEN), then deletes the files with the token and the recovery key. If OpenBao does not
// revoke the token, nothing is deleted. The operator has stored the recovery key elsewhere before.
import { rmSync } from 'node:fs';

const files = process.argv.slice(2);
const { VAULT_ADDR: address, VAULT_TOKEN: token } = process.env;
if (files.length === 0 || !address || !token) {
  throw new Error('usage: VAULT_ADDR=http://… VAULT_TOKEN=… revoke-first-token.mjs FILE…');
}

const response = await fetch(`${address.replace(/\/$/, '')}/v1/auth/token/revoke-self`, {
  method: 'POST',
  headers: { 'X-Vault-Token': token },
  signal: AbortSignal.timeout(15_000),
}).catch(() => {
  throw new Error('OpenBao could not be reached; nothing is deleted');
});
if (!response.ok) throw new Error(`OpenBao answered ${response.status}; nothing is deleted`);
for (const file of files) rmSync(file, { force: true });
console.log('The first token is revoked, and its files are deleted.');
