import type { Client } from '@temporalio/client';
import type { Database } from '../platform/postgres/database.ts';
import type { Logger } from '../platform/telemetry/logging.ts';
import { createOutbox, type Outbox } from './outbox.ts';
import { createWorkflowStarter, type WorkflowStarter } from './workflow-starter.ts';

/** Wires the outbox and what sends for it. */
export function createOutboxRoom(deps: {
  readonly database: Database;
  readonly client: Client;
  readonly taskQueue: string;
  readonly log: Logger;
}): { readonly outbox: Outbox; readonly starter: WorkflowStarter } {
  const starter = createWorkflowStarter(deps);
  return { starter, outbox: createOutbox({ ...deps, starter }) };
}
