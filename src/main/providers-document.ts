import { writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { presentVendor, type VendorView } from '../providers/catalogue/vendor-view.ts';
import { listedVendors } from '../providers/catalogue/vendors.ts';

const file = join(import.meta.dirname, '..', '..', 'docs', 'providers.md');

const introduction = `# Embedding providers

Written by \`npm run providers\` from \`src/providers/catalogue/vendors/\`. \`GET /providers\` answers with the same list, and with
\`default\`, the provider of the installation.

A tenant sets \`embedding_provider\` to a name, and its key. Where a provider has an address of its own, \`embedding_base_url\` stays
null or is one of the further addresses. Parts in braces are given as \`name=value\`, joined by \`&\`; the whole address is taken too.
For a server of one's own it is the whole address. Any other OpenAI-compatible API is \`custom\`.

The operator's \`PROVIDER_URLS\` decides which addresses are allowed:

- \`listed\`: the addresses below, and with them those of the form of a template. Servers of one's own and \`custom\` are not allowed.
- \`public\` (the default): any https address whose host leads to public addresses only.
- \`any\`: http and private addresses too, such as \`http://localhost:11434/v1\`.

The provider of the installation, \`default\`, is always allowed.

\`embedding_model\` has to be set where there is no default model. A model that is not listed works as well: what is not known is
found out by the first calls. \`embedding_dimensions\` may be one of the other dimensions of a model; a listed model without any has only
its own, and for one that is not listed the first call shows whether it takes them.

Where a provider has reranking, \`rerank=true\` in a search asks it on the same key, for \`rerank_model\` or the first model named.
`;

/** The document on the providers, as it has to stand in docs/providers.md. */
export function providersDocument(): string {
  return [introduction, ...listedVendors.map(presentVendor).map(section)].join('\n');
}

/** Writes docs/providers.md. */
export async function writeProvidersDocument(): Promise<void> {
  await writeFile(file, providersDocument());
  console.log(`wrote ${relative(process.cwd(), file)}`);
}

function section(vendor: VendorView): string {
  const lines = [
    `- address: ${addressOf(vendor)}`,
    ...(vendor.other_base_urls.length === 0
      ? []
      : [`- also: ${vendor.other_base_urls.map(code).join(', ')}`]),
    ...vendor.parameters.map(
      ({ name, example, default: value }) =>
        `- part ${code(name)}, such as ${code(example)}${value === null ? '' : `; ${code(value)} where none is given`}`,
    ),
    `- key: ${vendor.keys_optional ? '1 to 500 characters; any text where the server needs none' : 'needed'}`,
    `- default model: ${vendor.default_model === null ? 'none; `embedding_model` has to be set' : code(vendor.default_model)}`,
  ];
  if (vendor.rerank !== null) {
    const { default_model: preset, models: known } = vendor.rerank;
    const further = known.filter((name) => name !== preset).map(code);
    lines.push(`- reranking: ${code(preset)}; also ${further.join(', ')}`);
  }
  if (vendor.rate_headers !== null) lines.push(`- rate limits: ${rateHeaders[vendor.rate_headers]}`);
  return `\n## ${vendor.title} · ${code(vendor.name)}\n\n${vendor.notes}\n\n${lines.join('\n')}\n${models(vendor)}`;
}

const rateHeaders: Readonly<Record<NonNullable<VendorView['rate_headers']>, string>> = {
  openai: 'told in `x-ratelimit-*` headers, with the time of the reset',
  azure: 'told in `x-ratelimit-*` headers, without the time of the reset of the tokens',
  mistral: 'told in `x-ratelimit-*` headers, requests for each second',
  ratelimit: 'told in `RateLimit` headers',
  none: 'not told',
};

function addressOf({ address_kind: kind, base_url, base_url_template }: VendorView): string {
  const shown = code(base_url ?? base_url_template ?? '');
  return kind === 'own' ? `an address of your own, such as ${shown}` : shown;
}

function others(dimensions: VendorView['models'][number]['other_dimensions']): string {
  if (dimensions === null) return '-';
  return 'min' in dimensions ? `${dimensions.min} to ${dimensions.max}` : dimensions.join(', ');
}

function models(vendor: VendorView): string {
  if (vendor.models.length === 0) return '';
  const rows = vendor.models.map(
    ({ name, dimensions, other_dimensions, max_input_tokens }) =>
      `| ${code(name)} | ${dimensions ?? '-'} | ${others(other_dimensions)} | ${max_input_tokens ?? '-'} |`,
  );
  return `\n| model | dimensions | other dimensions | tokens of an input |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`;
}

const code = (text: string) => `\`${text}\``;
