import './library-output.ts';

import { Registry } from 'prom-client';
import { loadEnvironment } from '../config.ts';
import { createApp } from '../http/app.ts';
import { collectRoutes } from '../http/routes.ts';
import { startServer } from '../http/server.ts';
import { createLogger } from '../platform/telemetry/logging.ts';
import { createMetrics } from '../platform/telemetry/metrics.ts';
import { reportLibraryOutput } from './library-output.ts';
import { createServices } from './services.ts';
import { onShutdown } from './shutdown.ts';
import { version } from './version.ts';

const environment = loadEnvironment('api');
const log = createLogger({ level: environment.LOG_LEVEL, process: 'api' });
reportLibraryOutput(log);
const metrics = createMetrics(new Registry());
const services = createServices(environment, log, metrics, 'lorekeep-api');

const app = createApp({
  routes: collectRoutes(services),
  authenticate: services.tenants.authenticate,
  adminApiKey: environment.ADMIN_API_KEY,
  requests: services.shares.requests,
  uploads: services.shares.uploads,
  idempotency: services.idempotency,
  metrics,
  log,
  version,
  mcp: {
    publicUrl: environment.MCP_PUBLIC_URL,
    authorizationServers: environment.MCP_AUTHORIZATION_SERVERS,
    allowedOrigins: environment.MCP_ALLOWED_ORIGINS,
  },
  recentFailures: services.recentCauses.list,
  dependencies: [
    {
      name: 'postgres',
      required: true,
      degrades: 'Nothing works.',
      check: services.database.isReady,
    },
    {
      name: 'temporal',
      required: false,
      degrades: 'Articles are written and found by keyword; they are embedded once Temporal is back.',
      check: services.temporal.isReady,
    },
    {
      name: 'vault',
      required: false,
      degrades: 'Keys cannot be set or opened: semantic search answers by keyword, and embedding waits.',
      check: services.transit.isReady,
    },
  ],
});

const server = await startServer({ app, port: environment.PORT, host: environment.HOST, log });

onShutdown({
  log,
  // The sum of the bounds: requests 10 s, signals 8 s, connections 5 s.
  withinMs: 25_000,
  async close() {
    const requests = await server.close();
    return { requests, ...(await services.close()) };
  },
});
