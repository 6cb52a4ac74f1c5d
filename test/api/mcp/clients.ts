import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { Client as OlderClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as OlderStdioTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport as OlderTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

/** A result of a tool, for a test to look into. */
export interface ToolResult {
  readonly isError: boolean;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the answer holds, and fails where it isn't there
  readonly data: any;
}

/** What the facts need of an official client, whatever its generation. */
export interface AgentClient {
  readonly protocolVersion: string | undefined;
  readonly instructions: string | undefined;
  listTools(): Promise<readonly Listed[]>;
  call(name: string, given?: Record<string, unknown>): Promise<ToolResult>;
  listResources(cursor?: string): Promise<ResourcePage>;
  read(uri: string): Promise<string>;
  close(): Promise<void>;
}

interface ResourcePage {
  readonly resources: readonly { readonly uri: string; readonly title?: string | undefined }[];
  readonly nextCursor?: string | undefined;
}

export interface Listed {
  readonly name: string;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly inputSchema: object;
  readonly outputSchema?: object | undefined;
  readonly annotations?: object | undefined;
}

/** The generations of the official client: the newest protocol, and the one before it with its handshake. */
export const generations = ['new', 'old'] as const;
export type Generation = (typeof generations)[number];

const info = { name: 'test', version: '1' };

/** An official client, connected to `/mcp` with an API key. */
export async function connectByHttp(
  generation: Generation,
  apiUrl: string,
  apiKey: string,
  query = '',
): Promise<AgentClient> {
  const url = new URL(`${apiUrl}/mcp${query}`);
  const options = { requestInit: { headers: { authorization: `Bearer ${apiKey}` } } };
  if (generation === 'new') {
    const client = new Client(info, { versionNegotiation: { mode: 'auto' } });
    await client.connect(new StreamableHTTPClientTransport(url, options));
    return agent(client);
  }
  const client = new OlderClient(info);
  const transport = new OlderTransport(url, options);
  // The library's own types do not fit each other under exactOptionalPropertyTypes.
  await client.connect(transport as Parameters<typeof client.connect>[0]);
  return agent(client, transport.protocolVersion);
}

/** An official client and the server that it starts on standard input and output. */
export async function connectByStdio(
  generation: Generation,
  env: Record<string, string>,
): Promise<AgentClient> {
  const server = {
    command: process.execPath,
    args: ['--import', './scripts/tsx.mjs', 'src/main/mcp.ts'],
    env: { PATH: process.env.PATH ?? '', ...env },
    stderr: 'ignore' as const,
  };
  if (generation === 'new') {
    const client = new Client(info, { versionNegotiation: { mode: 'auto' } });
    await client.connect(new StdioClientTransport(server));
    return agent(client);
  }
  const client = new OlderClient(info);
  await client.connect(new OlderStdioTransport(server));
  return agent(client, '2025-11-25');
}

function agent(client: Client | OlderClient, protocolVersion?: string): AgentClient {
  return {
    protocolVersion: client instanceof Client ? client.getNegotiatedProtocolVersion() : protocolVersion,
    instructions: client.getInstructions(),
    listTools: async () => (await client.listTools()).tools,
    async call(name, given = {}) {
      const result = await client.callTool({ name, arguments: given });
      const content: unknown = result.content;
      const parts = Array.isArray(content) ? content : [];
      return {
        isError: result.isError === true,
        text: parts.map(({ text }: { text: string }) => text).join('\n'),
        data: result.structuredContent,
      };
    },
    listResources: (cursor) => client.listResources(cursor === undefined ? undefined : { cursor }),
    async read(uri) {
      const { contents } = await client.readResource({ uri });
      return contents.map((content) => ('text' in content ? content.text : '')).join('\n');
    },
    close: () => client.close(),
  };
}
