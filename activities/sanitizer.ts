import type { Context } from '@temporalio/activity';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { codeOfThrown } from '../src/domain/thrown.ts';
import type { Logger } from '../src/platform/telemetry/logging.ts';
import { sanitize } from './failure.ts';

/**
 * The interceptor of every activity. It replaces a thrown error by a new failure before the error reaches the history,
 * `describe` or the SDK's own log.
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
            const code = codeOfThrown(thrown);
            // A code tells an operator enough, except `internal`, which means a bug.
            const level = code === 'internal' ? 'warn' : 'debug';
            deps.log[level](
              {
                activity: activityType,
                workflow_id: workflowExecution?.workflowId,
                attempt,
                code,
                error: thrown,
              },
              'activity failed',
            );
          }
          throw failure;
        }
      },
    },
  });
}
