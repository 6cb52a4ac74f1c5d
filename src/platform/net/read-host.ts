import { isIP } from 'node:net';

/** What the host of an address is: an IP address in its usual notation, a name, or neither. */
export type Host =
  | { readonly kind: 'address'; readonly ip: string }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'invalid' };

/**
 * Reads a host as `fetch` would: `2130706433`, `0x7f.1` and `0177.0.0.1` are all 127.0.0.1, and a v6 address may stand in
 * brackets. A name comes back in lower case and punycode, without the dot of the root.
 */
export function readHost(host: string): Host {
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
  if (isIP(bare) !== 0) return { kind: 'address', ip: bare };
  const url = URL.canParse(`http://${host}/`) ? new URL(`http://${host}/`) : undefined;
  // Anything but a host, such as user info, a port or a path, would show up in another part.
  if (url === undefined || url.href !== `http://${url.hostname}/`) return { kind: 'invalid' };
  const read = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname;
  if (isIP(read) !== 0) return { kind: 'address', ip: read };
  const name = read.endsWith('.') ? read.slice(0, -1) : read;
  return name === '' ? { kind: 'invalid' } : { kind: 'name', name };
}
