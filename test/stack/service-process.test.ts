import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { recordProcess } from '../../src/stack/process-record.ts';
import { type ServiceSpec, startService } from '../../src/stack/service-process.ts';
import { endStaleProcesses } from '../../src/stack/stale-processes.ts';
import { newDir, recordedPids, runningOf } from './running-stack.ts';

let dir: string;
beforeEach(async () => {
  dir = newDir();
  await mkdir(dir);
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const spec = (script: string, given: Partial<ServiceSpec> = {}): ServiceSpec => ({
  name: 'thing',
  executable: '/bin/sh',
  args: ['-c', script],
  env: { PATH: '/usr/bin:/bin' },
  isHealthy: async () => (await readFile(join(dir, 'logs', 'thing.log'), 'utf8')).includes('ready'),
  deadlineMs: 20_000,
  graceMs: 300,
  ...given,
});
const start = (given: ServiceSpec) =>
  startService(given, { logsDir: join(dir, 'logs'), runDir: join(dir, 'run') });
const running = async (given: ServiceSpec) => {
  const outcome = await start(given);
  if (outcome.kind !== 'running') throw new Error(outcome.death.reason);
  return outcome.process;
};
const sleeper = 'echo ready; while :; do sleep 0.05; done';

test('says why a process ended early, with the last lines of its own log', async () => {
  await mkdir(join(dir, 'logs'));
  await writeFile(join(dir, 'logs', 'thing.log'), 'of an earlier start\n');
  const outcome = await start(
    spec('echo first; echo the disk is full >&2; exit 3', { isHealthy: async () => false }),
  );
  expect(outcome).toMatchObject({
    kind: 'failed',
    death: { name: 'thing', reason: 'ended with code 3', lastLines: 'first\nthe disk is full' },
  });
});

test('says that an executable is missing', async () => {
  const outcome = await start(spec('', { executable: '/nowhere/thing' }));
  expect(outcome).toMatchObject({ kind: 'failed', death: { reason: expect.stringContaining('ENOENT') } });
});

test('ends a process that is not healthy within its deadline', async () => {
  const outcome = await start(spec('echo $$; while :; do sleep 0.05; done', { deadlineMs: 2_000 }));
  expect(outcome).toMatchObject({ kind: 'failed', death: { reason: 'was not healthy within 2 s' } });
  const pid = Number(outcome.kind === 'failed' && outcome.death.lastLines);
  expect(pid).toBeGreaterThan(0);
  expect(await runningOf([pid])).toEqual([]);
});

test('tells of a death that nobody asked for, and forgets the process', async () => {
  const thing = await running(spec(sleeper));
  expect(await recordedPids(dir)).toEqual([thing.pid]);
  process.kill(thing.pid, 'SIGKILL');
  expect(await thing.died).toMatchObject({
    name: 'thing',
    reason: 'was ended by SIGKILL',
    lastLines: 'ready',
  });
  expect(await recordedPids(dir)).toEqual([]);
});

test('kills a process that does not heed the request to stop; stopping again is harmless', async () => {
  const thing = await running(spec(`trap '' TERM; ${sleeper}`));
  await thing.stop();
  await thing.stop();
  expect(await runningOf([thing.pid])).toEqual([]);
  const died = await Promise.race([thing.died.then(() => 'told'), delay(50, 'quiet')]);
  expect(died).toBe('quiet');
});

test('gives a child nothing of our own environment', async () => {
  const thing = await running(
    spec('env; echo ready; while :; do sleep 0.05; done', { env: { ONLY: 'this' } }),
  );
  await thing.stop();
  const log = await readFile(join(dir, 'logs', 'thing.log'), 'utf8');
  expect(log).toContain('ONLY=this');
  expect(log).not.toContain('HOME=');
});

test('ends what an earlier start left running, by force when it must', async () => {
  const polite = await running(spec(sleeper));
  const deaf = await running(spec(`trap '' TERM; ${sleeper}`, { name: 'deaf', isHealthy: async () => true }));
  const told: string[] = [];
  await endStaleProcesses({ runDir: join(dir, 'run'), graceMs: 300, log: (line) => told.push(line) });
  expect(await runningOf([polite.pid, deaf.pid])).toEqual([]);
  expect(told).toEqual(['ending what an earlier start left running: deaf, thing']);
});

test('leaves alone a process that only has the pid of one that was recorded', async () => {
  const thing = await running(spec(sleeper));
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
