// One-shot openbao-prepare: makes OpenBao's directories and, once, the key with which it unseals itself.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';

const [dataDirectory, keyFile] = process.argv.slice(2);
if (!dataDirectory || !keyFile) throw new Error('usage: seal-key.mjs DATA_DIRECTORY KEY_FILE');

mkdirSync(dataDirectory, { recursive: true, mode: 0o700 });
if (existsSync(keyFile)) {
  console.log('The seal key is there already.');
} else {
  // 32 raw bytes: AES-256. `wx` so that two runs at once can't leave a half of each.
  writeFileSync(keyFile, randomBytes(32), { mode: 0o600, flag: 'wx' });
  console.log('Generated the seal key. Back up the volume that holds it, apart from the data.');
}
