import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installGates } from './gates.ts';
import { type FaultWorld, runProviderFault } from './provider-fault-run.ts';
import { providerFaults } from './provider-faults.ts';
import { prepareRealService, type RealService } from './real-service.ts';
import { installStateLog } from './state-log.ts';
import { describeMatrix, type Row } from './table.ts';
import { createFaultTenant } from './tenants.ts';

let service: RealService;
const rows: Row[] = [];

beforeAll(async () => {
  service = await prepareRealService();
  await installGates(service.owner);
  const states = await installStateLog(service.owner);
  const variables = { EMBEDDING_WORKFLOW_TIMEOUT_MS: '2500', BREAKER_OPEN_MS: '14000' };
  await Promise.all([service.start('api', variables), service.start('worker', variables)]);
  const world: FaultWorld = {
    service,
    states,
    neighbour: await createFaultTenant(service),
    look: async () => undefined,
  };
  await Promise.all(
    providerFaults.map(async (fault) => {
      const observed = await runProviderFault(world, fault).catch((error: unknown) => String(error));
      rows.push({ fault: fault.name, expected: fault.expected, observed });
    }),
  );
}, 240_000);

afterAll(async () => {
  process.stdout.write(`\n${describeMatrix(rows)}\n`);
  await service?.close();
});

describe('the matrix', () => {
  it.each(providerFaults)('$name', ({ name }) => {
    const row = rows.find(({ fault }) => fault === name);
    expect(row?.observed).toEqual(row?.expected);
  });
});
