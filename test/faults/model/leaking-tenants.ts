import { Counter } from 'prom-client';
import type { Activities } from '../../../activities/index.ts';
import type { Route } from '../../../src/platform/http/route.ts';
import type { TestServices, TestTenant } from '../../support/test-services.ts';
import { canaryKey } from '../canaries.ts';

/** What a tenant gives to the service, or gets from strangers, and what must not come out again. */
const secretNames = [
  ...(['key', 'text', 'title', 'token', 'fileName'] as const),
  ...(['serverWords', 'finding', 'refusal', 'modelWords'] as const),
] as const;
export type SecretName = (typeof secretNames)[number];

/** Where one of them is let out on purpose, and where it has to be found then. */
export type Way = 'result' | 'error' | 'log' | 'table' | 'answer' | 'metric';
export interface PlantedLeak {
  readonly secret: SecretName;
  readonly way: Way;
  readonly place: string;
}

/** Each kind of secret by one way, and each way with one kind at least. */
export const plantedLeaks: readonly PlantedLeak[] = [
  { secret: 'key', way: 'result', place: 'history' },
  { secret: 'text', way: 'table', place: 'table ingestion_documents' },
  { secret: 'title', way: 'log', place: 'log' },
  { secret: 'token', way: 'error', place: 'history' },
  { secret: 'fileName', way: 'answer', place: 'answers' },
  { secret: 'serverWords', way: 'metric', place: 'metrics' },
  { secret: 'finding', way: 'result', place: 'history' },
  { secret: 'refusal', way: 'log', place: 'log' },
  { secret: 'modelWords', way: 'error', place: 'history' },
];

export type LeakingTenant = TestTenant & {
  readonly secrets: Readonly<Record<SecretName, string>>;
  readonly leak: PlantedLeak | undefined;
};

/** The tenants whose secrets leak, by id. */
export function createLeakingTenants() {
  const tenants = new Map<string, LeakingTenant>();
  const thrown = new Set<string>();
  /** The secret of the tenant that leaks this way; undefined where none does. */
  const leakOf = (tenantId: string, way: Way) => {
    const tenant = tenants.get(tenantId);
    return tenant?.leak?.way === way ? tenant.secrets[tenant.leak.secret] : undefined;
  };
  return {
    add(tenant: TestTenant, leak?: PlantedLeak): LeakingTenant {
      const added = { ...tenant, leak, secrets: createSecrets() };
      tenants.set(tenant.id, added);
      return added;
    },
    leakOf,
    /** The first time that it is asked for. */
    throwsOf(tenantId: string) {
      const secret = leakOf(tenantId, 'error');
      if (secret === undefined || thrown.has(tenantId)) return;
      thrown.add(tenantId);
      throw new Error(`it has failed on ${secret}`);
    },
    isUnsanitized: (workflowId = '') =>
      [...tenants.values()].some(({ id, leak }) => leak?.way === 'error' && workflowId.includes(id)),
  };
}
type LeakingTenants = ReturnType<typeof createLeakingTenants>;

const createSecrets = (): Readonly<Record<SecretName, string>> => ({
  ...{ key: canaryKey(), text: canaryKey(), title: canaryKey(), token: canaryKey(), fileName: canaryKey() },
  ...{ serverWords: canaryKey(), finding: canaryKey(), refusal: canaryKey(), modelWords: canaryKey() },
});

/** The real activities, some of which leak for one tenant each. */
export function leakyActivities(
  tenants: LeakingTenants,
  real: Activities,
  log: { info(message: string): void },
  rawAsOwner: TestServices['db']['rawAsOwner'],
): Activities {
  return {
    ...real,
    async prepareDocument(input) {
      const logged = tenants.leakOf(input.tenantId, 'log');
      if (logged !== undefined) log.info(`reading ${logged}`);
      const prepared = await real.prepareDocument(input);
      tenants.throwsOf(input.tenantId);
      return prepared;
    },
    async extractPart(input) {
      const debug = tenants.leakOf(input.tenantId, 'result');
      return { ...(await real.extractPart(input)), ...(debug === undefined ? {} : { debug }) };
    },
    async prepareReview(input) {
      const debug = tenants.leakOf(input.tenantId, 'result');
      return { ...(await real.prepareReview(input)), ...(debug === undefined ? {} : { debug }) };
    },
    async finishJob(input) {
      const finished = await real.finishJob(input);
      const stored = tenants.leakOf(input.tenantId, 'table');
      if (stored !== undefined) {
        await rawAsOwner(
          `insert into ingestion_documents (tenant_id, job_id, wrapped_key, about)
           values ($1, $2, 'none', convert_to($3, 'UTF8'))`,
          [input.tenantId, input.jobId, stored],
        );
      }
      return finished;
    },
  };
}

/** The real routes, of which that of a job leaks. */
export const leakyRoutes = (tenants: LeakingTenants, real: readonly Route[]): readonly Route[] =>
  real.map((route) => ({
    ...route,
    handle: async (request) => {
      const answer = await route.handle(request);
      const debug = tenants.leakOf(request.actor.tenantId, 'answer');
      return debug !== undefined && route.path === '/knowledge/ingestion-jobs/:id' && 'body' in answer
        ? { ...answer, body: { ...Object(answer.body), debug } }
        : answer;
    },
  }));

/** A metric with what leaks that way as its label. */
export function leakIntoMetrics({ metrics }: Pick<TestServices, 'metrics'>, secret: string): void {
  new Counter({
    ...{ name: 'lorekeep_leak_total', help: 'A leak', labelNames: ['words'] },
    registers: [metrics.registry],
  }).inc({ words: secret });
}
