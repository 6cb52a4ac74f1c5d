import type { Context } from '@temporalio/activity';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { codeOfThrown } from '../src/domain/thrown.ts';
import type { Logger } from '../src/platform/telemetry/logging.ts';
import { sanitize } from './failure.ts';

/**
 * The one interceptor that every activity runs inside. It throws a new failure in place of whatever was thrown, before
 * history, `describe` and the SDK's own log see it.
 */
export function createSanitizer(deps: { readonly log: Logger }): ActivityInterceptorsFactory {
  return (context: Context) => ({
    inbound: {
      async execute(input, next) {
        try {
          return await next(input);
        } catch (thrown) {
          const failure = sanitize(thrown, context.info.attempt);
          if (failure !== thrown) {
            const { activityType, workflowExecution, attempt } = context.info;
            // A code says what an operator has to know, but for the one that means a bug of ours.
            const level = codeOfThrown(thrown) === 'internal' ? 'warn' : 'debug';
            deps.log[level](
              {
                activity: activityType,
                workflow_id: workflowExecution?.workflowId,
                attempt,
                error: thrown,
              },
              'an activity failed',
            );
          }
          throw failure;
        }
      },
    },
  });
}
