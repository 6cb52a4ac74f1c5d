/** Where a link leads. `script` would run or hold its own content. */
export type LinkTarget =
  | { readonly kind: 'address'; readonly address: string }
  | { readonly kind: 'script' }
  | { readonly kind: 'none' };

const maxAddressLength = 2_000;

/** Reads the target of a link, made absolute. Only addresses of the web and of mail are kept. */
export function targetOf(href: string, base: string | null): LinkTarget {
  const trimmed = href.trim();
  if (trimmed === '' || trimmed.startsWith('#') || trimmed.length > maxAddressLength) {
    return { kind: /^(javascript|data|vbscript):/i.test(trimmed) ? 'script' : 'none' };
  }
  const url = parseAddress(trimmed, base);
  if (url === undefined) return { kind: 'none' };
  switch (url.protocol) {
    case 'http:':
    case 'https:':
      // A name and a password in an address are nobody's text.
      return url.username === '' && url.password === ''
        ? { kind: 'address', address: url.href }
        : { kind: 'none' };
    case 'mailto:':
      return { kind: 'address', address: url.href };
    case 'javascript:':
    case 'data:':
    case 'vbscript:':
      return { kind: 'script' };
    default:
      return { kind: 'none' };
  }
}

/** The address that the links of a page are relative to: its own, or the one that it names. Null for an uploaded file. */
export function baseOf(name: string | null, href: string | null): string | null {
  const own = parseAddress(name ?? '', null);
  const isWeb = (url: URL | undefined) => url !== undefined && /^https?:$/.test(url.protocol);
  const named =
    href === null ? undefined : parseAddress(href.slice(0, maxAddressLength), isWeb(own) ? name : null);
  if (named !== undefined && isWeb(named)) return named.href;
  return own !== undefined && isWeb(own) ? own.href : null;
}

function parseAddress(address: string, base: string | null): URL | undefined {
  return URL.canParse(address, base ?? undefined) ? new URL(address, base ?? undefined) : undefined;
}
