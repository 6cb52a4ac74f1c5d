import { ingestContentWorkflowId } from '../../../src/domain/temporal-names.ts';
import { eventually } from '../../support/running-service.ts';
import type { DocumentFault, DocumentOutcome } from './document-faults.ts';
import type { HostileServer } from './hostile-server.ts';
import {
  createModelTenant,
  describeWorkflow,
  type ModelTenant,
  type ModelWorld,
  wordsOf,
} from './run-model-fault.ts';

/** One document that cannot be had or read, to the end of its job. */
export async function runDocumentFault(
  world: ModelWorld,
  server: HostileServer,
  fault: DocumentFault,
): Promise<DocumentOutcome> {
  const victim = await world.gently(() => createModelTenant(world));
  const token = wordsOf(world);
  const id = await world.gently(() => send(world, server, fault, victim, token));
  return { ...(await untilEnded(world, victim, id)), requests: server.requestsFor(token) };
}

/** Waits for the end of a job and of its workflow. */
export async function untilEnded({ service, states }: ModelWorld, { tenant, key }: ModelTenant, id: string) {
  const handle = service.services.temporal.client.workflow.getHandle(ingestContentWorkflowId(tenant.id, id));
  await eventually(async () => {
    const { data } = await service.call(tenant.keys.orchestrator, 'GET', `/knowledge/ingestion-jobs/${id}`);
    if (data.status === 'queued' || data.status === 'running') return undefined;
    return (await handle.describe()).status.name === 'RUNNING' ? undefined : true;
  });
  const path = await states.pathOf(id);
  const workflow = await describeWorkflow(handle);
  return { path, workflow, calls: service.twin.callsOf(key).length };
}

/** Sends the document by its address, or as a file whose name is the token. */
async function send(
  { service }: ModelWorld,
  server: HostileServer,
  { from }: DocumentFault,
  { tenant }: ModelTenant,
  token: string,
): Promise<string> {
  const { orchestrator } = tenant.keys;
  if (from.kind === 'file') {
    const { data } = await service.upload(orchestrator, '/knowledge/ingest', {
      ...{ fields: { source_type: 'file', title: `Given ${token}` }, name: `${token}.txt` },
      bytes: await from.bytes(),
    });
    return data.id;
  }
  const { data } = await service.call(orchestrator, 'POST', '/knowledge/ingest', {
    ...{ url: addressOf(server, from, token), title: `Given ${token}`, source_type: 'page' },
  });
  return data.id;
}

function addressOf(
  server: HostileServer,
  from: Exclude<DocumentFault['from'], { kind: 'file' }>,
  token: string,
): string {
  switch (from.kind) {
    case 'no HTTP':
      return server.strange('http', token);
    case 'no TLS':
      return server.strange('https', token);
    default:
      return server.address(from, token);
  }
}
