import { randomUUID } from 'node:crypto';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { test as base, expect, inject } from 'vitest';
import type { ArticleRef } from '../../src/domain/embed-article.ts';
import { retryForMs } from '../../src/domain/retry-waits.ts';
import { searchAttributes, workflowTypes } from '../../src/domain/temporal-names.ts';
import { openVenv } from '../../src/stack/venv.ts';
import { workflowBundle } from '../support/workflow-bundle.ts';
import { installQuietRuntime } from '../support/workflow-environment.ts';
import { fakes } from '../support/workflow-fakes.ts';

// A real server that asks runs to continue as new ones after few events, and not after thousands.
const it = base.extend('env', { scope: 'file' }, async ({}, { onCleanup }) => {
  installQuietRuntime();
  const path = openVenv(inject('venvDir')).temporal;
  const env = await TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path },
      extraArgs: [
        ...['--dynamic-config-value', 'limit.historyCount.suggestContinueAsNew=20'],
        ...Object.values(searchAttributes).flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
      ],
    },
  });
  onCleanup(() => env.teardown());
  return env;
});

it('an article’s run that is continued as a new one keeps its tries and its day', {
  timeout: 120_000,
}, async ({ env }) => {
  const tries: (number | undefined)[] = [];
  const { activities } = fakes({
    generateEmbedding: async (input) => {
      tries.push(input.tries);
      return { kind: 'waits', code: 'provider_timeout', retryInMs: 500 };
    },
  });
  const taskQueue = `continued-${randomUUID()}`;
  const worker = await Worker.create({
    connection: env.nativeConnection,
    taskQueue,
    workflowBundle: await workflowBundle(),
    activities,
  });
  const article: ArticleRef = { tenantId: randomUUID(), articleId: randomUUID() };
  await worker.runUntil(async () => {
    // Some seconds before the end of the day.
    const sinceMs = Date.now() - retryForMs + 6_000;
    const handle = await env.client.workflow.start(workflowTypes.embedArticle, {
      taskQueue,
      workflowId: `continued-${randomUUID()}`,
      args: [article, { tries: 3, sinceMs }],
    });
    await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'provider_timeout' } });
    const runs = [];
    for await (const run of env.client.workflow.list({ query: `WorkflowId="${handle.workflowId}"` })) {
      runs.push(run.status.name);
    }
    expect(runs.filter((status) => status === 'CONTINUED_AS_NEW').length).toBeGreaterThan(1);
  });
  expect(tries).toEqual(tries.map((_, i) => i + 3));
  expect(tries.length).toBeGreaterThan(3);
});
