import { type DocumentKill, readKill } from './document-kills.ts';
import type { DocumentOutcome } from './document-outcome.ts';
import { createDocumentTenant } from './document-tenants.ts';
import { installGates } from './gates.ts';
import { prepareRealService, type RealService } from './real-service.ts';
import { closeBooks } from './reconciling.ts';

export interface DocumentRow {
  readonly kill: DocumentKill;
  /** The outcome, or why there is none. */
  readonly observed: DocumentOutcome | string;
}

/** Runs all cases on one service: the worker's at once, one kill; then the API's. */
export async function runDocumentKills(kills: readonly DocumentKill[]): Promise<readonly DocumentRow[]> {
  const service = await prepareRealService();
  try {
    return await runOn(service, kills);
  } finally {
    await service.close();
  }
}

async function runOn(service: RealService, kills: readonly DocumentKill[]): Promise<DocumentRow[]> {
  const gates = await installGates(service.owner);
  const processes = {
    api: await service.start('api'),
    worker: await service.start('worker'),
  };
  const standings = [];
  for (const victim of ['worker', 'api'] as const) {
    const stood = await Promise.all(
      kills
        .filter((kill) => kill.kills === victim)
        .map(async (kill) => {
          const tenant = await createDocumentTenant(service);
          return { kill, tenant, standing: await kill.stand(service, gates, tenant) };
        }),
    );
    await processes[victim].kill();
    await gates.openAll();
    await service.start(victim);
    standings.push(...stood);
  }
  const recovered = await Promise.all(
    standings.map(async ({ standing, ...of }) => ({ ...of, status: await inWords(standing.recover()) })),
  );
  await closeBooks(service);
  return Promise.all(
    recovered.map(async ({ kill, tenant, status }) => ({
      kill,
      observed: await readKill(service, kill, tenant, status),
    })),
  );
}

/** One failure must not hide the other rows. */
const inWords = (recovering: Promise<string>) =>
  recovering.catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
