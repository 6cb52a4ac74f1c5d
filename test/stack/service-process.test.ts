import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { recordProcess } from '../../src/stack/process-record.ts';
import { type ServiceProcess, type ServiceSpec, startService } from '../../src/stack/service-process.ts';
import { endStaleProcesses } from '../../src/stack/stale-processes.ts';
import { factsOfDirectory } from './directory-facts.ts';
import { recordedPids, runningOf } from './running-stack.ts';

const test = factsOfDirectory().extend('dir', async ({ dir }): Promise<string> => {
  await mkdir(dir);
  return dir;
});
const sleeper = 'echo ready; while :; do sleep 0.05; done';

test('says why a process ended early, with the last lines of its own log', async ({ dir }) => {
  await mkdir(join(dir, 'logs'));
  await writeFile(join(dir, 'logs', 'thing.log'), 'of an earlier start\n');
  const outcome = await start(dir, 'echo first; echo the disk is full >&2; exit 3', {
    isHealthy: async () => false,
  });
  expect(outcome).toMatchObject({
    kind: 'failed',
    death: { name: 'thing', reason: 'ended with code 3', lastLines: 'first\nthe disk is full' },
  });
});

test('says that an executable is missing', async ({ dir }) => {
  const outcome = await start(dir, '', { executable: '/nowhere/thing' });
  expect(outcome).toMatchObject({ kind: 'failed', death: { reason: expect.stringContaining('ENOENT') } });
});

test('ends a process that is not healthy within its deadline', async ({ dir }) => {
  const outcome = await start(dir, 'echo $$; while :; do sleep 0.05; done', { deadlineMs: 2_000 });
  expect(outcome).toMatchObject({ kind: 'failed', death: { reason: 'was not healthy within 2 s' } });
  const pid = Number(outcome.kind === 'failed' && outcome.death.lastLines);
  expect(pid).toBeGreaterThan(0);
  expect(await runningOf([pid])).toEqual([]);
});

test('reports a death that was not requested, and forgets the process', async ({ dir }) => {
  const thing = await running(dir, sleeper);
  expect(await recordedPids(dir)).toEqual([thing.pid]);
  process.kill(thing.pid, 'SIGKILL');
  expect(await thing.died).toMatchObject({
    name: 'thing',
    reason: 'was ended by SIGKILL',
    lastLines: 'ready',
  });
  expect(await recordedPids(dir)).toEqual([]);
});

test('kills a process that ignores the request to stop; stopping again is harmless', async ({ dir }) => {
  const thing = await running(dir, `trap '' TERM; ${sleeper}`);
  await thing.stop();
  await thing.stop();
  expect(await runningOf([thing.pid])).toEqual([]);
  const died = await Promise.race([thing.died.then(() => 'reported'), delay(50, 'quiet')]);
  expect(died).toBe('quiet');
});

test('gives a child nothing of our own environment', async ({ dir }) => {
  const thing = await running(dir, 'env; echo ready; while :; do sleep 0.05; done', {
    env: { ONLY: 'this' },
  });
  await thing.stop();
  const log = await readFile(join(dir, 'logs', 'thing.log'), 'utf8');
  expect(log).toContain('ONLY=this');
  expect(log).not.toContain('HOME=');
});

test('ends what an earlier start left running, by force when it must', async ({ dir }) => {
  const polite = await running(dir, sleeper);
  const deaf = await running(dir, `trap '' TERM; ${sleeper}`, { name: 'deaf', isHealthy: async () => true });
  const lines: string[] = [];
  await endStaleProcesses({ runDir: join(dir, 'run'), graceMs: 300, log: (line) => lines.push(line) });
  expect(await runningOf([polite.pid, deaf.pid])).toEqual([]);
  expect(lines).toEqual(['ending what an earlier start left running: deaf, thing']);
});

test('leaves alone a process that only has the pid of one that was recorded', async ({ dir }) => {
  const thing = await running(dir, sleeper);
  const file = join(dir, 'run', 'thing.process');
  const lines = (await readFile(file, 'utf8')).trim().split('\n');
  await writeFile(file, [...lines.slice(0, 3), 'another start time'].join('\n'));
  await recordProcess(join(dir, 'run'), {
    ...{ name: 'other', pid: thing.pid, stopSignal: 'SIGTERM', executable: '/usr/bin/another' },
  });
  await endStaleProcesses({ runDir: join(dir, 'run'), graceMs: 300, log: () => undefined });
  expect(await runningOf([thing.pid])).toEqual([thing.pid]);
  await thing.stop();
});

/** Starts a shell script as a service, which is healthy once it has written "ready". */
function start(dir: string, script: string, given: Partial<ServiceSpec> = {}) {
  const spec: ServiceSpec = {
    name: 'thing',
    executable: '/bin/sh',
    args: ['-c', script],
    env: { PATH: '/usr/bin:/bin' },
    isHealthy: async () => (await readFile(join(dir, 'logs', 'thing.log'), 'utf8')).includes('ready'),
    deadlineMs: 20_000,
    graceMs: 300,
    ...given,
  };
  return startService(spec, { logsDir: join(dir, 'logs'), runDir: join(dir, 'run') });
}

async function running(
  dir: string,
  script: string,
  given: Partial<ServiceSpec> = {},
): Promise<ServiceProcess> {
  const outcome = await start(dir, script, given);
  if (outcome.kind !== 'running') throw new Error(outcome.death.reason);
  return outcome.process;
}
