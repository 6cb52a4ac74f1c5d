// One-shot openbao-prepare: creates OpenBao's directories and, once, the key with which it unseals itself.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';

const [dataDirectory, keyFile] = process.argv.slice(2);
if (!dataDirectory || !keyFile) throw new Error('usage: seal-key.mjs DATA_DIRECTORY KEY_FILE');

mkdirSync(dataDirectory, { recursive: true, mode: 0o700 });
if (existsSync(keyFile)) {
  console.log('The seal key exists already.');
} else {
  // 32 bytes for AES-256. With `wx` the second of two runs at the same time fails instead of overwriting the key.
  writeFileSync(keyFile, randomBytes(32), { mode: 0o600, flag: 'wx' });
  console.log('Generated the seal key. Back up its volume separately from the data.');
}
