import type { PlantedFault } from './planted-fault.ts';

const settings = ['test/integration/llm-config/settings.test.ts'];
const custody = ['test/unit/llm-config/custody.test.ts', 'test/unit/llm-config/custody-memory.test.ts'];
const origins = ['test/integration/llm-config/key-origin.test.ts'];
const races = ['test/integration/llm-config/settings-races.test.ts'];

/** Faults in the storing and opening of the tenants' provider keys. */
export const custodyFaults: readonly PlantedFault[] = [
  {
    file: 'src/llm-config/custody.ts',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a source file.
    find: 'lorekeep/${purposes[provider]}/${tenantId}/${origin}',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a source file.
    replace: 'lorekeep/${purposes[provider]}/${origin}',
    why: 'one encryption context for all tenants',
    tests: settings,
  },
  {
    file: 'src/llm-config/custody.ts',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a source file.
    find: 'lorekeep/${purposes[provider]}/${tenantId}/${origin}',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a source file.
    replace: 'lorekeep/${purposes[provider]}/${tenantId}',
    why: 'a key opens for an address that it was not set for',
    tests: origins,
  },
  {
    file: 'src/llm-config/settings.ts',
    find: "if (plan.target.baseUrl !== prepared.plan.target.baseUrl) return 'moved';",
    replace: '',
    why: 'a key is stored that is sealed for an address which another change has replaced',
    tests: origins,
  },
  {
    file: 'src/llm-config/prepare-change.ts',
    find: "typeof keys.embedding === 'string' ? refusedStoredAddress(vendor, after.embedding_base_url) : []",
    replace: '',
    why: 'a key that is set again goes to an address that was changed by hand',
    tests: ['test/api/llm-config/key-binding.test.ts'],
  },
  {
    file: 'src/llm-config/prepare-change.ts',
    find: 'if (misplaced.length > 0)',
    replace: 'if (false)',
    why: 'a key that was pasted into an address is shown in every view of the settings',
    tests: ['test/api/llm-config/provider-choice.test.ts'],
  },
  {
    file: 'src/llm-config/prepare-change.ts',
    find: "addressChanged && keys.embedding === undefined && stored.ciphertexts.has('embedding')",
    replace: 'false',
    why: 'another address may be set without the key',
    tests: ['test/api/llm-config/provider-choice.test.ts'],
  },
  {
    file: 'src/llm-config/custody.ts',
    find: "anthropic: 'anthropic_api_key'",
    replace: "anthropic: 'embedding_api_key'",
    why: 'one encryption context for both providers',
    tests: settings,
  },
  {
    file: 'src/llm-config/custody.ts',
    find: '.update(ciphertext)',
    replace: '.update(context)',
    why: 'an opened key is cached without its ciphertext: the replaced key is used on',
    tests: custody,
  },
  {
    file: 'src/llm-config/custody.ts',
    find: 'purgeExpired: true',
    replace: 'purgeExpired: false',
    why: 'an expired key stays in memory until it is asked for again',
    tests: custody,
  },
  {
    file: 'src/llm-config/custody.ts',
    find: 'deps.ttlMs ?? 60_000',
    replace: 'deps.ttlMs ?? 600_000',
    why: 'an opened key stays in memory ten times as long by default',
    tests: custody,
  },
  {
    file: 'src/llm-config/custody.ts',
    find: 'deps.maxKeys ?? 500',
    replace: 'deps.maxKeys ?? 50_000',
    why: 'the bound on opened keys in memory is gone by default',
    tests: custody,
  },
  {
    file: 'src/llm-config/key-store.ts',
    find: 'status = excluded.status, rejected_code = null, updated_at = now()',
    replace: 'updated_at = now()',
    why: 'a replaced key inherits the status of the old one',
    tests: settings,
  },
  {
    file: 'src/llm-config/key-store.ts',
    find: 'provider: key.provider, version: key.version })',
    replace: 'provider: key.provider })',
    why: 'a verdict on an older key version counts for the new key',
    tests: settings,
  },
  {
    file: 'src/llm-config/key-store.ts',
    find: "update({ ciphertext: null, hint: null, status: 'none'",
    replace: "update({ hint: null, status: 'none'",
    why: 'the ciphertext of a removed key stays in the table',
    tests: settings,
  },
  {
    file: 'src/llm-config/provider-keys.ts',
    find: "options.evenIfRejected ? ['unverified', 'rejected'] : ['unverified']",
    replace: "options.evenIfRejected ? ['unverified', 'rejected'] : ['unverified', 'rejected']",
    why: 'a late success verifies a rejected key',
    tests: settings,
  },
  {
    file: 'src/llm-config/store-change.ts',
    find: 'before !== null && (after === null || after > before)',
    replace: 'before !== null && after !== null && after > before',
    why: 'a removed budget wakes no blocked article',
    tests: races,
  },
  {
    file: 'src/llm-config/settings-store.ts',
    find: '.forUpdate()\n    .first(settingsFields)',
    replace: '.first(settingsFields)',
    why: 'two changes of settings at once: the later one writes back what it has read before the first',
    tests: races,
  },
  {
    file: 'src/llm-config/sealed-key.ts',
    find: 'Math.min(4,',
    replace: 'Math.min(8,',
    why: 'a hint of eight characters',
    tests: settings,
  },
  {
    file: 'src/platform/vault/transit.ts',
    find: 'answer.status === 400)',
    replace: 'answer.status >= 400)',
    why: 'a sealed Vault makes every key unusable for good',
    tests: ['test/unit/platform/transit-statuses.test.ts'],
  },
  {
    file: 'src/llm-config/provider-keys.ts',
    find: "from: ['unverified', 'verified'], to: 'rejected'",
    replace: "from: ['unverified'], to: 'rejected'",
    why: 'a key that once worked is never rejected',
    tests: ['test/integration/llm-config/key-status.test.ts'],
  },
  {
    file: 'src/llm-config/key-store.ts',
    find: 'ciphertext = excluded.ciphertext, hint = excluded.hint,',
    replace: 'ciphertext = excluded.ciphertext,',
    why: 'a replaced key shows the end of the old one',
    tests: ['test/integration/llm-config/key-status.test.ts'],
  },
  {
    file: 'src/llm-config/key-store.ts',
    find: 'status = excluded.status, rejected_code = null, updated_at = now()',
    replace: 'status = excluded.status, rejected_code = null',
    why: 'a replaced key shows the time of the old one',
    tests: ['test/integration/llm-config/key-status.test.ts'],
  },
];
