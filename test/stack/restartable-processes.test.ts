import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { createRestartableProcesses } from '../../src/stack/restartable-processes.ts';
import {
  describeDeath,
  type ServiceProcess,
  type ServiceSpec,
  startService,
} from '../../src/stack/service-process.ts';
import type { Stack } from '../../src/stack/stack.ts';
import { factsOfDirectory } from './directory-facts.ts';
import { recordedPids, runningOf } from './running-stack.ts';

// `startTwo` starts the processes `one` and `two`, which end with the fact.
const test = factsOfDirectory().extend('startTwo', async ({ dir }, { onCleanup }) => {
  await mkdir(dir);
  const started: ServiceProcess[] = [];
  onCleanup(async () => {
    for (const each of started) await each.stop();
  });
  return () => startOneAndTwo(dir, started);
});

test('a restart ends every process and starts it with its first spec', async ({ startTwo }) => {
  const { processes, deaths, pids, specs, started } = await startTwo();
  expect(await processes.restart()).toEqual([]);
  expect(await runningOf(pids)).toEqual([]);
  expect(await processes.restart()).toEqual([]);
  expect(await runningOf(started.map(({ pid }) => pid))).toHaveLength(2);
  expect(specs()).toBe(2);
  expect(deaths).toEqual([]);
});

test('reports the death of a process of the first start and of a restart', async ({ dir, startTwo }) => {
  const { processes, deaths, pids } = await startTwo();
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  await expect.poll(() => [...deaths].sort()).toEqual(['one', 'two']);
  expect(await processes.restart()).toEqual([]);
  for (const pid of await recordedPids(dir)) process.kill(pid, 'SIGKILL');
  await expect.poll(() => [...deaths].sort()).toEqual(['one', 'one', 'two', 'two']);
});

test('describes a process that does not become healthy, restarts the other, and tries both again', async ({
  dir,
  startTwo,
}) => {
  const { processes } = await startTwo();
  // Without the earlier output the health check fails.
  await rm(join(dir, 'logs', 'one.log'));
  await writeFile(join(dir, 'one'), 'fail');
  expect(await processes.restart()).toEqual([expect.stringContaining('one ended with code 3')]);
  expect(await runningOf(await recordedPids(dir))).toHaveLength(1);
  await rm(join(dir, 'one'));
  expect(await processes.restart()).toEqual([]);
  expect(await runningOf(await recordedPids(dir))).toHaveLength(2);
});

async function startOneAndTwo(dir: string, started: ServiceProcess[]) {
  const deaths: string[] = [];
  const processes = createRestartableProcesses(
    { startProcess: startProcessesIn(dir, started), choosePort: async () => 0 },
    ({ name }) => deaths.push(name),
  );
  let specs = 0;
  const start = (name: string) =>
    processes.startProcess(async () => {
      specs++;
      return spec(dir, name);
    });
  const pids = [(await start('one')).pid, (await start('two')).pid];
  return { processes, deaths, pids, specs: () => specs, started };
}

/** Starts real processes as a stack does, and adds them to `started`. */
function startProcessesIn(dir: string, started: ServiceProcess[]): Stack['startProcess'] {
  return async (makeSpec, onDeath) => {
    const outcome = await startService(await makeSpec(), {
      logsDir: join(dir, 'logs'),
      runDir: join(dir, 'run'),
    });
    if (outcome.kind === 'failed') throw new Error(describeDeath(outcome.death));
    started.push(outcome.process);
    if (onDeath) void outcome.process.died.then(onDeath);
    return outcome.process;
  };
}

/** A process that runs as long as no file of its name makes it fail. */
function spec(dir: string, name: string): ServiceSpec {
  return {
    name,
    executable: '/bin/sh',
    args: ['-c', `[ ! -e ${join(dir, name)} ] || exit 3; echo ready; while :; do sleep 0.05; done`],
    env: { PATH: '/usr/bin:/bin' },
    isHealthy: async () => (await readFile(join(dir, 'logs', `${name}.log`), 'utf8')).includes('ready'),
    deadlineMs: 20_000,
    graceMs: 300,
  };
}
