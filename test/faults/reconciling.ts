import { randomUUID } from 'node:crypto';
import { workflowTypes } from '../../src/domain/temporal-names.ts';
import { eventually } from '../support/running-service.ts';
import type { RealService } from './real-service.ts';

/** Runs Reconcile, as its schedule does, until nothing is left to send. */
export async function reconcile(service: RealService): Promise<void> {
  await eventually(async () => {
    await service.temporal.workflow.execute(workflowTypes.reconcile, {
      taskQueue: service.taskQueue,
      workflowId: `reconcile-${randomUUID()}`,
    });
    const { rowCount } = await service.owner.query('select 1 from outbox');
    return rowCount === 0 ? true : undefined;
  });
}

/** Closes the records that the dead have left open, as if five minutes had gone by. */
export async function closeBooks(service: RealService): Promise<void> {
  await service.owner.query(
    `update provider_calls set started_at = started_at - interval '10 minutes' where finished_at is null`,
  );
  await reconcile(service);
}
