// One-shot openbao-init: initialises OpenBao, once, and writes the recovery key and the first token, which OpenBao shows only
// now, to files of mode 0600. It prints neither.
import { existsSync, renameSync, writeFileSync } from 'node:fs';

const [tokenFile, recoveryFile] = process.argv.slice(2);
const address = process.env.VAULT_ADDR?.replace(/\/$/, '');
if (!tokenFile || !recoveryFile || !address) {
  throw new Error('usage: VAULT_ADDR=http://… openbao-init.mjs TOKEN_FILE RECOVERY_FILE');
}

/** Writes a second file and renames it, so that a crash leaves no half of a secret that OpenBao does not show again. */
function store(file, text) {
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** Returns the JSON of the answer. A failure names only the status. */
async function call(method, path, body) {
  const response = await fetch(`${address}${path}`, {
    method,
    signal: AbortSignal.timeout(15_000),
    ...(body ? { body: JSON.stringify(body) } : {}),
  }).catch(() => {
    throw new Error(`${method} ${path}: OpenBao could not be reached`);
  });
  if (!response.ok) throw new Error(`${method} ${path}: OpenBao answered ${response.status}`);
  return response.json();
}

/** The static seal unseals OpenBao shortly after the initialisation. */
async function waitUntilUnsealed() {
  for (let triesLeft = 60; triesLeft > 0; triesLeft -= 1) {
    const { sealed, initialized } = await call('GET', '/v1/sys/seal-status');
    if (initialized && !sealed) return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error('OpenBao is still sealed after 30 seconds: see its log');
}

const { initialized } = await call('GET', '/v1/sys/init');
if (initialized) {
  console.log(
    existsSync(tokenFile)
      ? 'OpenBao is initialised already.'
      : 'OpenBao is initialised already, and its first token is not stored here.',
  );
} else {
  const { root_token, recovery_keys_base64 } = await call('PUT', '/v1/sys/init', {
    recovery_shares: 1,
    recovery_threshold: 1,
  });
  store(recoveryFile, `${recovery_keys_base64.join('\n')}\n`);
  store(tokenFile, `VAULT_TOKEN=${root_token}\n`);
  console.log('Initialised OpenBao. Its recovery key and first token are in the volume openbao-admin.');
}
await waitUntilUnsealed();
