import { randomUUID } from 'node:crypto';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { inject } from 'vitest';
import type { Activities } from '../../activities/index.ts';
import { createSanitizer } from '../../activities/sanitizer.ts';
import { searchAttributes } from '../../src/domain/temporal-names.ts';
import { createLogger } from '../../src/platform/telemetry/logging.ts';
import { workflowBundle } from './workflow-bundle.ts';

export interface WorkflowTest {
  readonly env: TestWorkflowEnvironment;
  /** Runs `work` while a worker with these activities polls a task queue of its own. */
  withActivities<T>(activities: Partial<Activities>, work: (taskQueue: string) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

let installed = false;

/** The SDK says only what went wrong. Once a process, and before its first worker. */
export function installQuietRuntime(): void {
  if (installed) return;
  installed = true;
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { forward: {}, filter: 'ERROR' } },
  });
}

/** The real workflows on the time-skipping server; activities are the test's. */
export async function createWorkflowTest(): Promise<WorkflowTest> {
  installQuietRuntime();
  const env = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path: inject('temporalTestServerPath') } },
  });
  const keyword = 2;
  await env.connection.operatorService.addSearchAttributes({
    namespace: 'default',
    searchAttributes: Object.fromEntries(Object.values(searchAttributes).map((name) => [name, keyword])),
  });
  const log = createLogger({ level: 'silent', process: 'test' });

  return {
    env,
    async withActivities(activities, work) {
      const taskQueue = `workflows-${randomUUID()}`;
      const worker = await Worker.create({
        connection: env.nativeConnection,
        taskQueue,
        workflowBundle: await workflowBundle(),
        activities,
        interceptors: { activity: [createSanitizer({ log })] },
      });
      return worker.runUntil(work(taskQueue));
    },
    close: () => env.teardown(),
  };
}
