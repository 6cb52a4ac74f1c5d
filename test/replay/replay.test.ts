import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { test as base, describe, expect, vi } from 'vitest';
import { workflowBundle } from '../support/workflow-bundle.ts';
import { createWorkflowTest, installQuietRuntime } from '../support/workflow-environment.ts';
import { shapes } from './shapes.ts';

// Bundling the workflows, and recording all histories where that is asked for, is part of the first fact.
vi.setConfig({ testTimeout: 300_000 });

const it = base.extend('replay', { scope: 'file', auto: true }, async () => {
  installQuietRuntime();
  // A deliberate change of a workflow's course: record anew with RECORD_HISTORIES=1, and see in the diff what it does to
  // the runs that are under way.
  if (process.env.RECORD_HISTORIES === '1') await recordHistories();
  const bundle = await workflowBundle();
  return (history: unknown) =>
    Worker.runReplayHistory({ workflowBundle: bundle, replayName: 'replay' }, history, 'replayed');
});

const folder = join(import.meta.dirname, 'histories');

describe('every recorded history', () => {
  it('belongs to a shape, and every shape has one', () => {
    const recorded = readdirSync(folder).map((file) => file.replace('.json', ''));
    expect(recorded.sort()).toEqual(shapes.map(({ name }) => name).sort());
  });

  it.for(shapes.map(({ name }) => name))('replays: %s', async (name, { replay }) => {
    await replay(JSON.parse(readFileSync(fileOf(name), 'utf8')));
  });

  it('holds no more than ids, numbers and codes', () => {
    for (const { name } of shapes) {
      expect(existsSync(fileOf(name))).toBe(true);
      expect(readFileSync(fileOf(name), 'utf8')).not.toMatch(/sk-|vault:v|Bearer/);
    }
  });
});

it('fails to replay a history in which another activity was scheduled', async ({ replay }) => {
  const text = readFileSync(fileOf('article-embedded'), 'utf8');
  const mutated = text.replaceAll('"generateEmbedding"', '"somethingElse"');
  expect(mutated).not.toBe(text);
  await expect(replay(JSON.parse(mutated))).rejects.toThrow(DeterminismViolationError);
});

function fileOf(name: string): string {
  return join(folder, `${name}.json`);
}

/** Runs every shape against a real server, and writes its history. */
async function recordHistories(): Promise<void> {
  const test = await createWorkflowTest();
  for (const shape of shapes) {
    await test.withActivities(shape.activities, async (taskQueue) => {
      const handle = await shape.run(test, taskQueue);
      const json = historyToJSON(await handle.fetchHistory());
      writeFileSync(fileOf(shape.name), `${JSON.stringify(JSON.parse(json), null, 1)}\n`);
    });
  }
  await test.close();
}
