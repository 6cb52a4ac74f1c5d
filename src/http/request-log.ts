import type { RequestHandler } from 'express';
import type { Logger } from '../platform/telemetry/logging.ts';
import type { Metrics } from '../platform/telemetry/metrics.ts';
import { contextOf } from './request-context.ts';

/** Logs and measures each request, once its answer is sent or its client has disconnected. The line has ids and codes only. */
export function logRequests(deps: { readonly log: Logger; readonly metrics: Metrics }): RequestHandler {
  return (request, response, next) => {
    response.on('close', () => {
      const { requestId, startedAtMs, route, endpoint, actor } = contextOf(response);
      const elapsedMs = performance.now() - startedAtMs;
      const pattern = route?.path ?? endpoint ?? 'none';
      deps.metrics.observeRequest({
        method: request.method,
        route: pattern,
        status: response.statusCode,
        seconds: elapsedMs / 1_000,
      });
      deps.log.info(
        {
          request_id: requestId,
          tenant_id: actor?.tenantId,
          key_id: actor?.keyId,
          method: request.method,
          route: pattern,
          status: response.statusCode,
          ms: Math.round(elapsedMs * 10) / 10,
          ...(response.writableFinished ? {} : { client_gone: true }),
        },
        'request',
      );
    });
    next();
  };
}
