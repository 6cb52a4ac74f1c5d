import type { Express } from 'express';
import { createMcpMetrics } from '../mcp/metrics.ts';
import { createMcpService } from '../mcp/serve-request.ts';
import { type Route, reply } from '../platform/http/route.ts';
import type { Logger } from '../platform/telemetry/logging.ts';
import type { Metrics } from '../platform/telemetry/metrics.ts';
import { refusalOf } from './authentication.ts';
import { mcpEndpoint, mcpPath } from './mcp-endpoint.ts';
import { type McpOptions, metadataPath, protectedResourceMetadata } from './mcp-options.ts';
import { logRequests } from './request-log.ts';
import type { RoutePipelineDeps } from './route-pipeline.ts';
import { send } from './send.ts';
import { paceStrangers } from './stranger-pace.ts';

export interface MountMcpDeps {
  readonly routes: readonly Route[];
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly version: string;
  readonly options: McpOptions;
}

/** Mounts the MCP endpoint, and the metadata that leads its clients to an authorization server where there is one. */
export function mountMcp(app: Express, deps: MountMcpDeps, pipeline: RoutePipelineDeps): void {
  const { dispatch, rateLimits, pace } = pipeline;
  const serve = createMcpService({
    ...deps,
    ...{ dispatch, refusalOf },
    metrics: createMcpMetrics(deps.metrics.registry),
    countCall: async ({ tenantId, keyId, label }) =>
      (await rateLimits.request(tenantId, keyId ?? label)).problem,
  });
  app.all(mcpPath, logRequests(deps), mcpEndpoint({ ...pipeline, serve, options: deps.options }));

  const metadata = protectedResourceMetadata(deps.options);
  if (metadata === undefined) return;
  app.get([metadataPath, `${metadataPath}${mcpPath}`], paceStrangers(pace), (request, response) =>
    send(request, response, reply(200, metadata)),
  );
}
