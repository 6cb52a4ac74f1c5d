import type { McpOptions } from './mcp-options.ts';

/** Names that no DNS server answers for, so that no rebinding can make them another site's. */
const loopbackNames = ['localhost', '127.0.0.1', '[::1]'];

/**
 * Whether a request with this Origin is accepted. Only browsers send the header. By DNS rebinding a page of another site can
 * reach a service on this machine under its own name, and then Origin and Host agree; so that they agree proves nothing, unless
 * the name is one of the loopback. Otherwise the origin has to be that of the configured public address, or on the operator's list.
 */
export function isOriginAllowed(
  origin: string | undefined,
  host: string | undefined,
  { publicUrl, allowedOrigins = [] }: McpOptions,
): boolean {
  if (origin === undefined) return true;
  if (!URL.canParse(origin)) return false;
  const given = new URL(origin);
  if (given.origin === 'null') return false;
  if (publicUrl !== undefined && given.origin === new URL(publicUrl).origin) return true;
  if (allowedOrigins.includes(given.origin)) return true;
  return loopbackNames.includes(given.hostname) && given.host === host;
}
