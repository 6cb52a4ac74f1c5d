import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { embedArticleWorkflowId } from '../../src/domain/temporal-names.ts';
import type { RealService } from './real-service.ts';
import type { StateLog } from './state-log.ts';
import { callsFor, callsOf, type FaultTenant, type WrittenArticle } from './tenants.ts';

/** What is true of a tenant and its article after a fault. A fault states all of it, word for word. */
export interface Outcome {
  /** The states that the article's embedding went through, without the first `pending`. */
  readonly article: string;
  readonly workflow: string;
  /** Requests for the article's text that reached the provider. */
  readonly calls: number;
  /** Of those, the ones that are on the provider's bill. */
  readonly billed: number;
  /** The article's rows in the ledger, of the calls that were answered as they should be. */
  readonly ledger: number;
  /** The tenant's calls of which a crash has left no outcome, once they are closed, as the tenant sees them. */
  readonly unknown: number;
  readonly breaker: string;
  /** Another tenant's article, written during the fault. */
  readonly neighbour: string;
  readonly post: string;
  readonly search: string;
  /** What a trial of the tenant's Anthropic key says while that vendor fails alike; `-` where it is not tried. */
  readonly verify: string;
  /** `balanced`, or what is not. */
  readonly books: string;
}

/** An outcome but for what was seen while the fault lasted. */
export type Rest = Omit<Outcome, 'neighbour' | 'post' | 'search' | 'verify'>;

/** Reads the outcome once everything is at rest. `lost`: billed calls whose answer could not be stored. */
export async function readOutcome(
  service: RealService,
  states: StateLog,
  tenant: FaultTenant,
  article: WrittenArticle,
  lost: number,
): Promise<Rest> {
  const calls = callsFor(service, tenant, article.title);
  const articleId = article.id ?? 'never written';
  const [{ ledger } = { ledger: -1 }] = (
    await service.owner.query<{ ledger: number }>(
      `select count(*)::int as ledger from usage_ledger l
         join provider_calls c on c.tenant_id = l.tenant_id and c.id = l.call_id
        where l.tenant_id = $1 and c.subject_id = $2 and c.outcome = 'ok'`,
      [tenant.id, articleId],
    )
  ).rows;
  const usage = await service.call(tenant.keys.orchestrator, 'GET', '/knowledge/llm-usage');
  return {
    article: (await states.pathOf(articleId)).slice(1).join(' → '),
    workflow: await describeWorkflow(service, tenant.id, articleId),
    calls: calls.length,
    billed: calls.filter(({ billed }) => billed).length,
    ledger,
    unknown: usage.body.meta.unknown_calls,
    breaker: await describeBreaker(service, tenant),
    books: await describeBooks(service, tenant, article, lost),
  };
}

async function describeWorkflow(service: RealService, tenantId: string, articleId: string): Promise<string> {
  const handle = service.temporal.workflow.getHandle(embedArticleWorkflowId(tenantId, articleId));
  const { status } = await handle.describe();
  if (status.name === 'COMPLETED') return `COMPLETED ${(await handle.result()).outcome}`;
  if (status.name !== 'FAILED') return status.name;
  const cause = await handle
    .result()
    .catch((error: unknown) => (error instanceof WorkflowFailedError ? error.cause : undefined));
  return `FAILED ${cause instanceof ApplicationFailure ? cause.type : 'otherwise'}`;
}

async function describeBreaker(service: RealService, tenant: FaultTenant): Promise<string> {
  const { body } = await service.call(tenant.keys.orchestrator, 'GET', '/tenants/me/providers');
  const { state, failures } = body.data.embedding;
  return `${state} ${failures}`;
}

/**
 * The tenant's money, all of its calls together: nothing is held back, no record is open, the ledger has the twin's own
 * count of the answers that were stored and of their tokens, and the month's sum is the ledger with what else was paid.
 */
async function describeBooks(
  service: RealService,
  tenant: FaultTenant,
  article: WrittenArticle,
  lost: number,
): Promise<string> {
  const [books] = (
    await service.owner.query<Record<string, number>>(
      `select coalesce((select sum(reserved_tokens) from monthly_usage where tenant_id = $1), 0)::int as reserved,
              coalesce((select sum(settled_tokens) from monthly_usage where tenant_id = $1), 0)::int as settled,
              (select count(*)::int from provider_calls where tenant_id = $1 and finished_at is null) as open,
              count(*) filter (where c.outcome = 'ok')::int as ledger,
              coalesce(sum(l.input_tokens + l.output_tokens) filter (where c.outcome = 'ok'), 0)::int as tokens,
              coalesce(sum(l.input_tokens + l.output_tokens) filter (where c.outcome <> 'ok'), 0)::int as other_tokens
         from usage_ledger l join provider_calls c on c.tenant_id = l.tenant_id and c.id = l.call_id
        where l.tenant_id = $1`,
      [tenant.id],
    )
  ).rows;
  const billed = callsOf(service, tenant).filter((call) => call.billed);
  const ofArticle = billed.find(({ inputs }) => inputs.some((input) => input.includes(article.title)));
  const expected = {
    reserved: 0,
    open: 0,
    ledger: billed.length - lost,
    tokens: billed.reduce((sum, { tokens }) => sum + tokens, 0) - lost * (ofArticle?.tokens ?? 0),
    settled: (books?.tokens ?? 0) + (books?.other_tokens ?? 0),
  };
  const wrong = Object.entries(expected).filter(([name, value]) => books?.[name] !== value);
  return wrong.length === 0
    ? 'balanced'
    : wrong.map(([name, value]) => `${name} ${books?.[name]} for ${value}`).join(', ');
}
