import './library-output.ts';

import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio';
import { loadEnvironment } from '../config.ts';
import { createHttpCalls } from '../mcp/http-calls.ts';
import { createMcpServer } from '../mcp/server.ts';
import { answerFormOf } from '../mcp/tool-result.ts';
import { createUsableTools } from '../mcp/usable-tools.ts';
import { problemStream, resultStream } from '../platform/telemetry/library-output.ts';
import { createLogger } from '../platform/telemetry/logging.ts';
import { reportLibraryOutput } from './library-output.ts';
import { version } from './version.ts';

// The standard output is the protocol's alone: the log goes to the standard error.
const environment = loadEnvironment('mcp');
const log = createLogger({ level: environment.LOG_LEVEL, process: 'mcp', destination: problemStream() });
reportLibraryOutput(log);

const api = { apiUrl: environment.LOREKEEP_API_URL, apiKey: environment.LOREKEEP_API_KEY };
const call = createHttpCalls({ ...api, version });
const tools = createUsableTools(api);

const handle = serveStdio(
  () =>
    createMcpServer({
      ...{ version, call, tools },
      answerForm: (protocolVersion) => environment.LOREKEEP_MCP_ANSWERS ?? answerFormOf(protocolVersion),
      toolCalled: ({ tool, outcome }) => log.debug({ tool, outcome }, 'MCP tool called'),
      failed: (error) => log.error({ error }, 'MCP tool has failed'),
    }),
  {
    transport: new StdioServerTransport(process.stdin, resultStream()),
    maxSubscriptions: 0,
    onerror: (error) => log.warn({ error }, 'MCP message refused'),
  },
);

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void handle.close().finally(() => process.exit(0)));
}
