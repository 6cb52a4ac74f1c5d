// Revokes OpenBao's first token (VAULT_TOKEN) and then deletes the files that hold it and the recovery key. Nothing is deleted
// when OpenBao did not revoke it. The operator has taken the recovery key to a safe place before.
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
