import type { Registry } from 'prom-client';
import { createCounter } from '../platform/telemetry/counters.ts';
import { type ToolOutcome, toolOutcomes } from './server.ts';
import { toolNames } from './tools/every-tool.ts';

export interface McpMetrics {
  toolCalled(call: { readonly tool: string; readonly outcome: ToolOutcome }): void;
}

/** Registers the counter of tool calls. */
export function createMcpMetrics(registry: Registry): McpMetrics {
  const calls = createCounter(registry, {
    name: 'lorekeep_mcp_tool_calls_total',
    help: 'Calls of MCP tools, by tool and outcome',
    labels: { tool: [...toolNames, 'other'], outcome: toolOutcomes },
  });
  return { toolCalled: (call) => calls.inc(call) };
}
