import type { PlantedFault } from './planted-fault.ts';

const unit = ['test/unit/platform/data-keys.test.ts'];
const vault = ['test/integration/platform/data-keys.test.ts'];

/** Faults in the keys that seal the tenants' texts. */
export const dataKeysFaults: readonly PlantedFault[] = [
  {
    file: 'src/platform/vault/data-keys.ts',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a source file.
    find: 'lorekeep/document/${tenantId}',
    replace: 'lorekeep/document',
    why: 'the texts of all tenants open under one context',
    tests: vault,
  },
  {
    file: 'src/platform/vault/data-keys.ts',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a source file.
    find: "`${tenantId}/${createHash('sha256').update(wrapped).digest('base64')}`",
    replace: "createHash('sha256').update(wrapped).digest('base64')",
    why: 'an opened key is found by another tenant',
    tests: unit,
  },
  {
    file: 'src/platform/vault/data-keys.ts',
    find: "worthKeeping: (answer) => answer.kind === 'ok'",
    replace: 'worthKeeping: () => true',
    why: 'a key stays closed for a minute after Vault was away',
    tests: unit,
  },
  {
    file: 'src/platform/vault/data-keys.ts',
    find: '  bytes.fill(0);\n',
    replace: '',
    why: 'the bytes of a key stay in memory',
    tests: unit,
  },
  {
    file: 'src/platform/vault/sealed-bytes.ts',
    find: "  decipher.setAAD(Buffer.from(label, 'utf8'));\n",
    replace: "  decipher.setAAD(Buffer.from('', 'utf8'));\n",
    why: 'a sealed text does not open under its label',
    tests: unit,
  },
  {
    file: 'src/platform/vault/sealed-bytes.ts',
    find: 'const nonce = randomBytes(nonceBytes);',
    replace: 'const nonce = Buffer.alloc(nonceBytes);',
    why: 'one nonce for all texts of a key',
    tests: unit,
  },
  {
    file: 'src/platform/vault/transit.ts',
    find: "if (answer.kind === 'refused' && answer.status === 400) return { kind: 'failed', code: 'key_unusable' };",
    replace: "if (answer.kind === 'refused') return { kind: 'failed', code: 'key_unusable' };",
    why: 'a sealed Vault makes a key unusable for good',
    tests: ['test/unit/platform/transit-statuses.test.ts'],
  },
  {
    file: 'src/platform/vault/set-up-transit.ts',
    find: ", 'datakey/plaintext'",
    replace: '',
    why: 'the application may not have data keys made',
    tests: ['test/stack/compose-openbao.test.ts'],
  },
];
