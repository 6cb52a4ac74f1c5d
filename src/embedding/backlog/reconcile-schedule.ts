import { type ScheduleOptions, ScheduleOverlapPolicy } from '@temporalio/client';
import { reconcileScheduleId, workflowTypes } from '../../domain/temporal-names.ts';

/** The schedule of `Reconcile`. */
export function reconcileSchedule(taskQueue: string): ScheduleOptions {
  return {
    scheduleId: reconcileScheduleId,
    // The longest time until it finds what the outbox missed, such as an article that was written while Temporal was down.
    spec: { intervals: [{ every: '15 seconds' }] },
    policies: {
      // No second run joins a slow one, and one run is enough for all that were missed while the server was down.
      overlap: ScheduleOverlapPolicy.SKIP,
      catchupWindow: '1 minute',
    },
    action: {
      type: 'startWorkflow',
      workflowType: workflowTypes.reconcile,
      workflowId: reconcileScheduleId,
      args: [],
      taskQueue,
      workflowExecutionTimeout: '15 minutes',
    },
  };
}
