import { createOpenApiDocument } from '../../src/http/openapi.ts';
import { collectRoutes, type RouteServices } from '../../src/http/routes.ts';

/** Declaring routes calls no service: one that is touched here would say so. */
function untouched<Service extends object>(): Service {
  return new Proxy<Service>(Object.create(null), {
    get: (_, method) => () => Promise.reject(new Error(`${String(method)} was called by a declaration`)),
  });
}

const services: RouteServices = {
  articles: untouched(),
  audit: untouched(),
  articleIndex: untouched(),
  catalogue: untouched(),
  context: untouched(),
  embeddingCoverage: untouched(),
  embeddingRetries: untouched(),
  ingestion: untouched(),
  pipeline: untouched(),
  llmConfig: untouched(),
  merging: untouched(),
  providerStates: untouched(),
  reviews: untouched(),
  search: untouched(),
  tenants: untouched(),
  usage: untouched(),
  verification: untouched(),
};

/** Every route of the API. */
export const routes = collectRoutes(services);
/** The OpenAPI document of the routes. */
export const document = createOpenApiDocument(routes, { version: '0.0.0' });
