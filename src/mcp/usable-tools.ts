import { z } from 'zod';
import type { Tool } from './tool.ts';
import { everyTool } from './tools/every-tool.ts';

const listed = z.object({ result: z.object({ tools: z.array(z.object({ name: z.string() })) }) });

const timeoutMs = 10_000;

/**
 * The tools that an API key may use, by the API's own MCP endpoint, which knows the key's role and its own routes. While it
 * cannot be asked, every tool: a call then says what is wrong. An answer is kept, since neither changes without a restart.
 */
export function createUsableTools(deps: {
  readonly apiUrl: string;
  readonly apiKey: string;
}): () => Promise<readonly Tool[]> {
  let known: readonly Tool[] | undefined;
  return async () => {
    known ??= await ask(deps);
    return known ?? everyTool;
  };
}

async function ask({
  apiUrl,
  apiKey,
}: {
  readonly apiUrl: string;
  readonly apiKey: string;
}): Promise<readonly Tool[] | undefined> {
  try {
    const response = await fetch(`${apiUrl}/mcp`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${apiKey}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    // A server without sessions answers older clients in one event.
    const data = /^data: (.+)$/m.exec(await response.text())?.[1];
    const names = new Set(listed.parse(JSON.parse(data ?? '{}')).result.tools.map(({ name }) => name));
    return everyTool.filter(({ name }) => names.has(name));
  } catch {
    return undefined;
  }
}
