/** What an operator configures of the MCP endpoint. */
export interface McpOptions {
  /** Its public address, as clients have it: `https://kb.example.com/mcp`. */
  readonly publicUrl?: string | undefined;
  /** The issuers of the authorization servers in front of it. */
  readonly authorizationServers?: readonly string[] | undefined;
  /** Web origins whose requests are accepted besides its own. */
  readonly allowedOrigins?: readonly string[] | undefined;
}

/** The well-known path of RFC 9728. Clients try the one with the resource's own path first. */
export const metadataPath = '/.well-known/oauth-protected-resource';

/** The address of the metadata of the protected resource; undefined where no authorization server is configured. */
export function metadataUrlOf({ publicUrl, authorizationServers = [] }: McpOptions): string | undefined {
  if (publicUrl === undefined || authorizationServers.length === 0) return undefined;
  const { origin, pathname } = new URL(publicUrl);
  return `${origin}${metadataPath}${pathname === '/' ? '' : pathname}`;
}

/** The metadata itself, in the form of RFC 9728; undefined where no authorization server is configured. */
export function protectedResourceMetadata(options: McpOptions): Record<string, unknown> | undefined {
  if (metadataUrlOf(options) === undefined) return undefined;
  return {
    resource: options.publicUrl,
    authorization_servers: options.authorizationServers,
    bearer_methods_supported: ['header'],
    resource_name: 'Lorekeep',
  };
}
