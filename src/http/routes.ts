import type { Merging } from '../articles/merging/merging.ts';
import { mergeRoutes } from '../articles/merging/routes.ts';
import { articleRoutes } from '../articles/routes.ts';
import type { Articles } from '../articles/service.ts';
import { auditRoutes } from '../audit/routes.ts';
import type { Audit } from '../audit/service.ts';
import type { EmbeddingCoverage } from '../embedding/coverage/coverage.ts';
import { embeddingRoutes } from '../embedding/coverage/routes.ts';
import type { EmbeddingRetries } from '../embedding/retry/retry-all.ts';
import { embeddingRetryRoutes } from '../embedding/retry/routes.ts';
import { ingestionBatchRoutes } from '../ingestion/batch-routes.ts';
import { ingestionJobRoutes } from '../ingestion/job-routes.ts';
import { ingestionRoutes } from '../ingestion/routes.ts';
import type { Ingestion } from '../ingestion/service.ts';
import type { ArticleIndex } from '../knowledge/article-index.ts';
import { articleIndexRoutes } from '../knowledge/article-index-routes.ts';
import type { Context } from '../knowledge/context.ts';
import { contextRoutes } from '../knowledge/context-routes.ts';
import type { Pipeline } from '../knowledge/pipeline.ts';
import { pipelineRoutes } from '../knowledge/pipeline-routes.ts';
import { llmConfigRoutes } from '../llm-config/routes.ts';
import type { Settings } from '../llm-config/settings.ts';
import type { Route } from '../platform/http/route.ts';
import type { Catalogue } from '../providers/catalogue/create-catalogue.ts';
import { catalogueRoutes } from '../providers/catalogue-routes.ts';
import type { ProviderStates } from '../providers/status/provider-states.ts';
import { providerRoutes } from '../providers/status/routes.ts';
import type { KeyVerification } from '../providers/status/verification.ts';
import { reviewRoutes } from '../reviews/routes.ts';
import type { Reviews } from '../reviews/service.ts';
import { searchRoutes } from '../search/routes.ts';
import type { Search } from '../search/service.ts';
import { adminRoutes } from '../tenants/admin-routes.ts';
import { apiKeyRoutes } from '../tenants/routes.ts';
import type { Tenants } from '../tenants/service.ts';
import { usageRoutes } from '../usage/routes.ts';
import type { Usage } from '../usage/service.ts';

/** The services that the features' routes call. */
export interface RouteServices {
  readonly articles: Articles;
  readonly audit: Audit;
  readonly articleIndex: ArticleIndex;
  readonly catalogue: Catalogue;
  readonly context: Context;
  readonly embeddingCoverage: EmbeddingCoverage;
  readonly embeddingRetries: EmbeddingRetries;
  readonly ingestion: Ingestion;
  readonly llmConfig: Settings;
  readonly merging: Merging;
  readonly pipeline: Pipeline;
  readonly providerStates: ProviderStates;
  readonly reviews: Reviews;
  readonly search: Search;
  readonly tenants: Tenants;
  readonly usage: Usage;
  readonly verification: KeyVerification;
}

/** Every route of the API, in the order of the document. */
export function collectRoutes(services: RouteServices): readonly Route[] {
  return [
    ...articleRoutes(services.articles),
    ...mergeRoutes(services),
    ...searchRoutes(services.search),
    ...contextRoutes(services),
    ...articleIndexRoutes(services),
    ...embeddingRoutes(services),
    ...catalogueRoutes(services),
    ...embeddingRetryRoutes(services),
    ...ingestionRoutes(services),
    ...ingestionBatchRoutes(services),
    ...ingestionJobRoutes(services),
    ...reviewRoutes(services),
    ...pipelineRoutes(services),
    ...llmConfigRoutes(services),
    ...providerRoutes(services),
    ...usageRoutes(services),
    ...auditRoutes(services),
    ...apiKeyRoutes(services),
    ...adminRoutes(services),
  ];
}
