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
For one's own servers it is the whole address. Any other OpenAI-compatible API is \`custom\`.

A model that is not listed works as well: what is not known is found out by the first calls.
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
    `- address: ${code(vendor.base_url ?? vendor.base_url_template ?? '')}`,
    ...(vendor.other_base_urls.length === 0
      ? []
      : [`- also: ${vendor.other_base_urls.map(code).join(', ')}`]),
    ...vendor.parameters.map(
      ({ name, example, default: value }) =>
        `- part ${code(name)}, such as ${code(example)}${value === null ? '' : `; ${code(value)} where none is given`}`,
    ),
    `- key: ${vendor.keys_optional ? '1 to 500 characters; any text where the server needs none' : 'needed'}`,
    `- default model: ${vendor.default_model === null ? 'none' : code(vendor.default_model)}`,
  ];
  return `\n## ${vendor.title} · ${code(vendor.name)}\n\n${vendor.notes}\n\n${lines.join('\n')}\n${models(vendor)}`;
}

function models(vendor: VendorView): string {
  if (vendor.models.length === 0) return '';
  const rows = vendor.models.map(
    ({ name, dimensions, max_input_tokens }) =>
      `| ${code(name)} | ${dimensions ?? '-'} | ${max_input_tokens ?? '-'} |`,
  );
  return `\n| model | dimensions | tokens of an input |\n| --- | --- | --- |\n${rows.join('\n')}\n`;
}

const code = (text: string) => `\`${text}\``;
