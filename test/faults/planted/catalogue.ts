import type { PlantedFault } from './planted-fault.ts';

const baseUrl = ['test/unit/providers/catalogue/base-url.test.ts'];
const catalogue = ['test/unit/providers/catalogue/catalogue.test.ts'];
const targets = ['test/unit/llm-config/targets.test.ts'];
const pastedKey = ['test/unit/llm-config/pasted-key.test.ts'];
const choice = ['test/api/llm-config/provider-choice.test.ts'];

/** Faults in the tenants' choice of a provider: its address, its key and what the catalogue says of it. */
export const catalogueFaults: readonly PlantedFault[] = [
  {
    file: 'src/providers/catalogue/base-url.ts',
    find: "url.username !== '' || url.password !== '' || authority.includes('@')",
    replace: "url.password !== ''",
    why: 'a user name in an address goes out with each call',
    tests: baseUrl,
  },
  {
    file: 'src/providers/catalogue/base-url.ts',
    find: 'if (mixesScripts(hostname))',
    replace: 'if (false)',
    why: 'a host may look like another one',
    tests: baseUrl,
  },
  {
    file: 'src/providers/catalogue/base-url.ts',
    find: '(?<!\\/deployments)',
    replace: '',
    why: 'a deployment that is called embeddings is lost',
    tests: baseUrl,
  },
  {
    file: 'src/providers/catalogue/address-template.ts',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a source file.
    find: "`^${source.join('')}$`",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a source file.
    replace: "`^${source.join('')}`",
    why: 'an address that only begins like a vendor’s passes for it',
    tests: catalogue,
  },
  {
    file: 'src/providers/catalogue/vendor-model.ts',
    find: 'findModel(vendor, model)?.dimensions === wanted ? null : wanted',
    replace: 'wanted',
    why: 'the model’s own dimensions by their number make another space',
    tests: targets,
  },
  {
    file: 'src/llm-config/allowed-address.ts',
    find: "if (!baseUrl.startsWith('https://')) return 'http';",
    replace: '',
    why: 'keys go out without TLS where only public addresses are allowed',
    tests: targets,
  },
  {
    file: 'src/llm-config/allowed-address.ts',
    find: "return isBlockedPort(new URL(baseUrl).port) ? 'port' : undefined;",
    replace: 'return undefined;',
    why: 'an address with the port of a mail server is stored, and every call to it fails',
    tests: targets,
  },
  {
    file: 'src/llm-config/provider-keys.ts',
    find: 'stored.addressAllowed',
    replace: 'true',
    why: 'a stricter rule of the installation does not hold for addresses that were set before',
    tests: targets,
  },
  {
    file: 'src/llm-config/prepare-change.ts',
    find: "if (verdict === 'forbidden')",
    replace: 'if (false)',
    why: 'a tenant may choose an address of the operator’s network',
    tests: choice,
  },
  {
    file: 'src/llm-config/prepare-change.ts',
    find: 'keys.embedding, vendor.keysOptional',
    replace: 'keys.embedding, true',
    why: 'a short text is taken for a key everywhere',
    tests: choice,
  },
  {
    file: 'src/llm-config/pasted-key.ts',
    find: 'before + odd.position',
    replace: 'odd.position',
    why: 'the position of a wrong character is counted from where the key begins',
    tests: pastedKey,
  },
  {
    file: 'src/llm-config/no-key.ts',
    find: '\\*{3}|•{3}|',
    replace: '•{3}|',
    why: 'a key masked with asterisks is stored',
    tests: pastedKey,
  },
  {
    file: 'src/llm-config/pasted-key.ts',
    find: 'before + other.position',
    replace: 'other.position',
    why: 'the place of what is no key is counted from where the key begins',
    tests: pastedKey,
  },
  {
    file: 'src/llm-config/model-notices.ts',
    find: 'if (kept.model)',
    replace: 'if (false)',
    why: 'nothing says that the model is that of the former provider',
    tests: choice,
  },
  {
    file: 'src/llm-config/model-notices.ts',
    find: 'if (wanted === null || !kept.dimensions) return [];',
    replace: 'return [];',
    why: 'nothing says that the dimensions are those of the former provider',
    tests: choice,
  },
  {
    file: 'src/providers/catalogue/vendor-address.ts',
    find: 'other !== vendor && isAddressOf(other, given)',
    replace: 'false',
    why: 'a refused address does not name the provider that it belongs to',
    tests: catalogue,
  },
];
