import { describe, expect, it } from 'vitest';
import { metadataUrlOf, protectedResourceMetadata } from '../../../src/http/mcp-options.ts';
import { isOriginAllowed } from '../../../src/http/mcp-origin.ts';
import { startTinyApp } from '../../support/tiny-app.ts';

const options = {
  publicUrl: 'https://kb.example.com/mcp',
  authorizationServers: ['https://login.example.com'],
  allowedOrigins: ['https://console.example.com'],
};

describe('the origin of a request', () => {
  it.each([
    [undefined, 'anything', true],
    ['https://kb.example.com', 'kb.example.com', true],
    ['https://console.example.com', 'kb.example.com', true],
    ['http://localhost:4000', 'localhost:4000', true],
    ['http://[::1]:4000', '[::1]:4000', true],
    ['http://localhost:4001', 'localhost:4000', false],
    // DNS rebinding: the page's own name leads to this service.
    ['http://evil.example:4000', 'evil.example:4000', false],
    ['http://kb.example.com', 'kb.example.com', false],
    ['https://kb.example.com.evil.example', 'kb.example.com', false],
    ['null', 'kb.example.com', false],
    ['file://', 'kb.example.com', false],
  ])('%s at the host %s is accepted: %s', (origin, host, accepted) => {
    expect(isOriginAllowed(origin, host, options)).toBe(accepted);
  });
});

describe('the metadata of the protected resource', () => {
  it('is absent without an authorization server or a public address', () => {
    expect(protectedResourceMetadata({})).toBeUndefined();
    expect(metadataUrlOf({ publicUrl: options.publicUrl })).toBeUndefined();
  });

  it('is where the challenge of a 401 says, and names the resource and its authorization servers', async () => {
    const app = await startTinyApp({ mcp: options });
    try {
      const refused = await fetch(`${app.url}/mcp`, { method: 'POST' });
      expect(refused.status).toBe(401);
      const url = /resource_metadata="([^"]+)"/.exec(refused.headers.get('www-authenticate') ?? '')?.[1];
      expect(url).toBe('https://kb.example.com/.well-known/oauth-protected-resource/mcp');
      for (const path of ['', '/mcp']) {
        const metadata = await fetch(`${app.url}/.well-known/oauth-protected-resource${path}`);
        expect([metadata.status, await metadata.json()]).toEqual([
          200,
          {
            resource: options.publicUrl,
            authorization_servers: options.authorizationServers,
            bearer_methods_supported: ['header'],
            resource_name: 'Lorekeep',
          },
        ]);
      }
    } finally {
      await app.close();
    }
  });

  it('leaves other 401 as they are', async () => {
    const app = await startTinyApp({ mcp: options });
    const { headers } = await app.call('GET', '/notes');
    await app.close();
    expect(headers.get('www-authenticate')).toBe('Bearer realm="lorekeep"');
  });
});
