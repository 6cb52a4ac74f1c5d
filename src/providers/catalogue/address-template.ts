import type { AddressParameter, VendorAddress } from './vendor.ts';

type Template = Extract<VendorAddress, { kind: 'template' }>;

/** The address that values make, or what is wrong with them. */
export type FilledTemplate =
  | { readonly kind: 'ok'; readonly baseUrl: string }
  | { readonly kind: 'refused'; readonly message: string };

const literal = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** The expression that matches the addresses of a template, with a group for each parameter. */
function expressionOf(template: string, parameters: readonly AddressParameter[]): RegExp {
  const parts = template.split(/\{([^}]+)\}/);
  const source = parts.map((part, at) =>
    at % 2 === 0 ? literal(part) : `(${parameters.find(({ name }) => name === part)?.pattern ?? ''})`,
  );
  return new RegExp(`^${source.join('')}$`);
}

const namesIn = (template: string) =>
  [...template.matchAll(/\{([^}]+)\}/g)].flatMap(([, name]) => name ?? []);

/** The beginnings of a template that name a vendor's server well enough: the whole, without its query, and the host alone. */
const beginningsOf = (template: string) => [
  template,
  template.replace(/\?.*$/, ''),
  template.replace(/^(https:\/\/[^/]+)\/.*$/, '$1'),
];

/**
 * Reads the values of the parameters from an address of the template; undefined where it is not one. An address that ends early
 * is read as far as it goes.
 */
export function readTemplate(
  address: Template,
  baseUrl: string,
): { readonly template: string; readonly values: Readonly<Record<string, string>> } | undefined {
  for (const template of [address.template, ...(address.alsoAt ?? [])]) {
    for (const beginning of beginningsOf(template)) {
      const found = expressionOf(beginning, address.parameters).exec(baseUrl);
      if (found === null) continue;
      const values = namesIn(beginning).map((name, at) => [name, found[at + 1] ?? '']);
      return { template, values: Object.fromEntries(values) };
    }
  }
  return undefined;
}

/** Fills a template. The message names the values that are missing, unknown or not of their form. */
export function fillTemplate(
  address: Template,
  template: string,
  values: Readonly<Record<string, string>>,
): FilledTemplate {
  const known = address.parameters.map(({ name }) => name);
  const unknown = Object.keys(values).filter((name) => !known.includes(name));
  if (unknown.length > 0) return { kind: 'refused', message: `has only these parts: ${known.join(', ')}` };
  let baseUrl = template;
  for (const { name, pattern, example, defaultValue } of address.parameters) {
    const value = values[name] ?? defaultValue;
    if (value === undefined) return { kind: 'refused', message: `needs ${name}, as in ${name}=${example}` };
    if (!new RegExp(`^(?:${pattern})$`).test(value))
      return { kind: 'refused', message: `needs another ${name}, such as ${example}` };
    baseUrl = baseUrl.replace(`{${name}}`, () => value);
  }
  return { kind: 'ok', baseUrl };
}

/** Reads `name=value` pairs joined by `&`, or the bare value of a template with one parameter that has no default. */
export function readPairs(address: Template, given: string): Readonly<Record<string, string>> | undefined {
  const needed = address.parameters.filter(({ defaultValue }) => defaultValue === undefined);
  const [only] = needed;
  if (!given.includes('='))
    return needed.length === 1 && only !== undefined ? { [only.name]: given } : undefined;
  const pairs = given.split('&').map((pair) => /^\s*([^=\s]+)\s*=\s*(\S+)\s*$/.exec(pair));
  const values: Record<string, string> = {};
  for (const pair of pairs) {
    const [, name, value] = pair ?? [];
    if (name === undefined || value === undefined || Object.hasOwn(values, name)) return undefined;
    values[name] = value;
  }
  return values;
}
