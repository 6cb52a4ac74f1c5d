import pLimit from 'p-limit';
import { embedArticleWorkflowId } from '../../src/domain/temporal-names.ts';
import { apiKills } from './api-kills.ts';
import { type Evidence, readTables, readWorkflows, textOf } from './evidence.ts';
import { installGates } from './gates.ts';
import type { Outcome } from './invariants.ts';
import type { KillCase, Standing } from './kill-case.ts';
import { outages } from './outages.ts';
import { createSearchableTenant, type FaultWorld, runProviderFault } from './provider-fault-run.ts';
import { type ProviderFault, providerFaults } from './provider-faults.ts';
import { prepareRealService, type RealService } from './real-service.ts';
import { closeBooks, reconcile } from './reconciling.ts';
import { installStateLog } from './state-log.ts';
import type { Row } from './table.ts';
import { createFaultTenant, type FaultTenant } from './tenants.ts';
import { workerKills } from './worker-kills.ts';

/** Every fault of the matrix, in the order of its rows. */
export const faults: readonly { readonly name: string; readonly expected: Outcome }[] = [
  ...providerFaults,
  ...outages,
  ...workerKills,
  ...apiKills,
];

export interface MatrixRun {
  readonly rows: readonly Row[];
  /** Everything that the run has left anywhere. */
  readonly evidence: readonly Evidence[];
  /** Every provider key that the service was given. */
  readonly canaries: readonly string[];
}

/** Above the stop at a gate or in a call: what is to be killed there must not end by itself. */
const forVictims = {
  EMBEDDING_WORKFLOW_TIMEOUT_MS: '40000',
  EMBEDDING_TIMEOUT_MS: '40000',
  GUARD_TIMEOUT_MS: '45000',
};
/**
 * A short time-out of the provider. The breaker stays open for longer than the third retry waits (8 s), or a workflow
 * would come back to a breaker that lets it probe and never meet it open.
 */
const forFaults = { EMBEDDING_WORKFLOW_TIMEOUT_MS: '4000', BREAKER_OPEN_MS: '14000' };

/** Runs all of the matrix on one service: first the kills, and while Temporal waits for the dead, the rest. */
export async function runMatrix(): Promise<MatrixRun> {
  const service = await prepareRealService();
  try {
    return await runOn(service);
  } finally {
    await service.close();
  }
}

async function runOn(service: RealService): Promise<MatrixRun> {
  const gates = await installGates(service.owner);
  const states = await installStateLog(service.owner);
  const looks: Evidence[] = [];
  const [api, worker] = await Promise.all([
    service.start('api', forVictims),
    service.start('worker', forVictims),
  ]);
  const world: FaultWorld = {
    service,
    states,
    neighbour: await createFaultTenant(service),
    gently: pLimit(8),
    async look(tenant, articleId) {
      const handle = service.temporal.workflow.getHandle(embedArticleWorkflowId(tenant.id, articleId));
      looks.push({ place: 'description', text: textOf((await handle.describe()).raw) });
    },
    reconcile: () => reconcile(service),
  };

  const tenants = new Map(
    await Promise.all(
      [...workerKills, ...apiKills].map(
        async (each): Promise<[KillCase, FaultTenant]> => [each, await createSearchableTenant(world)],
      ),
    ),
  );
  const stand = (cases: readonly KillCase[]) =>
    Promise.all(
      cases.map(async (each): Promise<[KillCase, Standing]> => {
        const tenant = tenants.get(each);
        if (tenant === undefined) throw new Error(`no tenant for ${each.name}`);
        return [each, await each.stand(world, gates, tenant)];
      }),
    );
  const workerStandings = await stand(workerKills);
  await worker.kill();
  await gates.openAll();
  await Promise.all(workerStandings.map(([, standing]) => standing.meanwhile()));

  // Those that cut a way come last.
  const apiStandings = await stand(apiKills.filter(({ last }) => !last));
  apiStandings.push(...(await stand(apiKills.filter(({ last }) => last))));
  await api.kill();
  await gates.openAll();
  await Promise.all(apiStandings.map(([, standing]) => standing.meanwhile()));
  await service.links.apiTemporal.restore();

  await Promise.all([service.start('api', forFaults), service.start('worker', forFaults)]);
  const killed = [...workerStandings, ...apiStandings].map(([each, standing]) => ({
    each,
    standing,
    recovered: outcomeOf(standing.recover),
  }));
  // Reconcile sends what is waiting, of everybody: it must be over before others wait.
  for (const { each, recovered } of killed) if (apiKills.includes(each)) await recovered;
  const provide = (chosen: readonly ProviderFault[]) =>
    Promise.all(
      chosen.map(async (fault) => ({
        fault,
        observed: await outcomeOf(() => runProviderFault(world, fault)),
      })),
    );
  const waiting = provide(providerFaults.filter(({ pace }) => pace === 'slow'));
  const provided = [
    ...(await provide(providerFaults.filter(({ pace }) => pace === undefined))),
    ...(await provide(providerFaults.filter(({ pace }) => pace === 'alone'))),
    ...(await waiting),
  ];

  const readers = new Map<string, () => Promise<Outcome | string>>();
  for (const { fault, observed } of provided) readers.set(fault.name, async () => observed);
  for (const { recovered } of killed) await recovered;
  for (const outage of outages) {
    const read = await outcomeOf(() => outage.run(world));
    readers.set(outage.name, async () => (typeof read === 'function' ? outcomeOf(read) : read));
  }
  await closeBooks(service);
  for (const { each, standing, recovered } of killed) {
    const failed = await recovered;
    readers.set(each.name, async () => failed ?? (await outcomeOf(standing.read)));
  }

  const rows: Row[] = [];
  for (const { name, expected } of faults) {
    rows.push({ fault: name, expected, observed: (await readers.get(name)?.()) ?? 'not run' });
  }
  const evidence = [
    ...looks,
    ...(await readTables(service.owner)),
    ...(await readWorkflows(service.temporal, service.taskQueue)),
    ...(await service.scrape()).map((text) => ({ place: 'metrics', text })),
    ...(await service.logs()).map((text) => ({ place: 'log', text })),
    { place: 'answers', text: service.answers.join('\n') },
  ];
  return { rows, evidence, canaries: service.canaries };
}

/** What it comes to, or the error in words: one fault's failure must not hide the other rows. */
async function outcomeOf<T>(run: () => Promise<T>): Promise<T | string> {
  try {
    return await run();
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}
