import { collectDefaultMetrics, Histogram, type Registry } from 'prom-client';
import { closed } from './closed-labels.ts';

export interface HttpRequestSample {
  readonly method: string;
  /** The pattern of the route, never a path with ids in it. */
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
}

/** The process's metrics; a feature registers its own in the same registry. */
export interface Metrics {
  readonly registry: Registry;
  readonly contentType: string;
  /** All metrics as Prometheus text. Metrics that cannot be read are absent; an outage of the database is no failure. */
  scrape(): Promise<string>;
  observeRequest(sample: HttpRequestSample): void;
}

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/**
 * Registers the metrics of the process and of its HTTP requests. Labels have few values by design: no tenant, no id, no path.
 * `others` resolves with Prometheus text of metrics that another registry counts, under other names.
 */
export function createMetrics(
  registry: Registry,
  others: () => Promise<string> = () => Promise.resolve(''),
): Metrics {
  collectDefaultMetrics({ register: registry, prefix: 'lorekeep_' });
  const requests = new Histogram({
    name: 'lorekeep_http_request_duration_seconds',
    help: 'Time from a request to the end of its answer',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  });

  return {
    registry,
    contentType: registry.contentType,
    async scrape() {
      const [own, foreign] = await Promise.all([registry.metrics(), others()]);
      return own + foreign;
    },
    observeRequest({ method, route, status, seconds }) {
      requests.observe({ method: closed(methods, method), route, status: String(status) }, seconds);
    },
  };
}
