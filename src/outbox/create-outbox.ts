import type { Client } from '@temporalio/client';
import type { Database } from '../platform/postgres/database.ts';
import type { Share } from '../platform/shares/share.ts';
import type { Logger } from '../platform/telemetry/logging.ts';
import { createOutboxService, type Outbox } from './outbox.ts';
import { createSender } from './sender.ts';
import { createWorkflowStarter, type WorkflowStarter } from './workflow-starter.ts';

/** Wires the outbox, its sender and the workflow starter. */
export function createOutbox(deps: {
  readonly database: Database;
  readonly client: Client;
  readonly taskQueue: string;
  readonly signals: Share;
  readonly log: Logger;
}): { readonly outbox: Outbox; readonly starter: WorkflowStarter } {
  const { database, signals, log } = deps;
  const starter = createWorkflowStarter(deps);
  const sender = createSender({ database, starter, signals, log });
  return { starter, outbox: createOutboxService({ database, sender }) };
}
