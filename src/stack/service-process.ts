import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, open, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { forgetProcess, recordProcess, type StopSignal } from './process-record.ts';

export interface ServiceSpec {
  readonly name: string;
  readonly executable: string;
  readonly args: readonly string[];
  /** The whole environment of the child: nothing is inherited. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  /** Asked again and again until it answers true. It may throw meanwhile. */
  readonly isHealthy: () => Promise<boolean>;
  readonly deadlineMs: number;
  readonly stopSignal?: StopSignal;
  /** How long it may take to stop before it is killed. */
  readonly graceMs: number;
}

export interface ServiceDirs {
  readonly logsDir: string;
  readonly runDir: string;
}

export interface ServiceDeath {
  readonly name: string;
  readonly reason: string;
  readonly logFile: string;
  readonly lastLines: string;
}

export interface ServiceProcess {
  readonly name: string;
  readonly pid: number;
  /** Resolves when the process ends without having been asked to. */
  readonly died: Promise<ServiceDeath>;
  /** Stops it; harmless when it is stopped already. */
  stop(): Promise<void>;
}

export type ServiceStart =
  | { readonly kind: 'running'; readonly process: ServiceProcess }
  | { readonly kind: 'failed'; readonly death: ServiceDeath };

const healthPauseMs = 40;
const maxLogBytes = 20_000_000;
const shownLogBytes = 4_000;
const shownLogLines = 15;

/**
 * Starts a process, logs to `<logsDir>/<name>.log`, records it in `runDir`, and waits until it is healthy.
 * `failed` when it cannot be started, ends early or is not healthy in time; it does not run any more then.
 */
export async function startService(spec: ServiceSpec, dirs: ServiceDirs): Promise<ServiceStart> {
  await mkdir(dirs.logsDir, { recursive: true, mode: 0o700 });
  const logFile = join(dirs.logsDir, `${spec.name}.log`);
  await setAsideLongLog(logFile);
  const logStart = await sizeOf(logFile);
  const log = openSync(logFile, 'a', 0o600);
  const child = spawn(spec.executable, spec.args, {
    stdio: ['ignore', log, log],
    env: spec.env,
    cwd: spec.cwd ?? '/',
    // A session of its own: Ctrl-C in the terminal reaches the parent alone, which stops its children in order.
    detached: true,
    ...(spec.uid === undefined ? {} : { uid: spec.uid }),
    ...(spec.gid === undefined ? {} : { gid: spec.gid }),
  });
  closeSync(log);

  let stopping = false;
  let isGone = false;
  const gone = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`could not be started (${error.message})`));
    child.once('exit', (code, signal) =>
      resolve(signal ? `was ended by ${signal}` : `ended with code ${code}`),
    );
  }).then(async (reason) => {
    isGone = true;
    await forgetProcess(dirs.runDir, spec.name);
    return reason;
  });
  const describe = async (reason: string): Promise<ServiceDeath> => ({
    name: spec.name,
    reason,
    logFile,
    lastLines: await lastLines(logFile, logStart),
  });
  const died = new Promise<ServiceDeath>((resolve) => {
    void gone.then(async (reason) => {
      if (!stopping) resolve(await describe(reason));
    });
  });
  const { pid } = child;
  if (pid === undefined) return { kind: 'failed', death: await died };

  const stopSignal = spec.stopSignal ?? 'SIGTERM';
  await recordProcess(dirs.runDir, { name: spec.name, pid, stopSignal, executable: spec.executable });
  const stop = async () => {
    stopping = true;
    if (isGone) return;
    child.kill(stopSignal);
    const timer = setTimeout(() => child.kill('SIGKILL'), spec.graceMs);
    await gone;
    clearTimeout(timer);
  };

  const deadline = Date.now() + spec.deadlineMs;
  while (!isGone && Date.now() < deadline) {
    const healthy = await Promise.race([spec.isHealthy().catch(() => false), gone.then(() => false)]);
    if (healthy && !isGone) return { kind: 'running', process: { name: spec.name, pid, died, stop } };
    await Promise.race([delay(healthPauseMs), gone]);
  }
  if (isGone) return { kind: 'failed', death: await died };
  await stop();
  return { kind: 'failed', death: await describe(`was not healthy within ${spec.deadlineMs / 1_000} s`) };
}

/** A death in words, with the last lines of the log. */
export function describeDeath(death: ServiceDeath): string {
  const shown = death.lastLines === '' ? '' : `:\n${death.lastLines.replace(/^/gm, '  | ')}`;
  return `${death.name} ${death.reason}; its log is ${death.logFile}${shown}`;
}

/** A log is continued by each start; a long one is kept once more under another name. */
async function setAsideLongLog(file: string): Promise<void> {
  const size = await sizeOf(file);
  if (size > maxLogBytes) await rename(file, `${file}.old`);
}

function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}

async function lastLines(file: string, from: number): Promise<string> {
  const handle = await open(file, 'r').catch(() => undefined);
  if (!handle) return '';
  try {
    const { size } = await handle.stat();
    const start = Math.max(from, size - shownLogBytes);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - start), 0, size - start, start);
    return buffer.toString('utf8', 0, bytesRead).trimEnd().split('\n').slice(-shownLogLines).join('\n');
  } finally {
    await handle.close();
  }
}
