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
  /** The complete environment of the child, which inherits nothing. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  /** Called repeatedly until it returns true. An exception counts as false. */
  readonly isHealthy: () => Promise<boolean>;
  readonly deadlineMs: number;
  readonly stopSignal?: StopSignal;
  /** How long the process may take to stop before it is killed. */
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
  /** What it was started with; another start with it uses the same ports. */
  readonly spec: ServiceSpec;
  /** Resolves when the process ends although nobody stopped it. */
  readonly died: Promise<ServiceDeath>;
  /** Stops the process; does nothing when it has stopped already. */
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
 * Starts a process with its output in `<logsDir>/<name>.log`, records it in `runDir`, and waits until it is healthy.
 * Returns `failed`, with the process ended, when it cannot be started, ends early or is not healthy in time.
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
    // In its own session the child does not receive Ctrl-C of the terminal; the parent stops its children in order.
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
    if (healthy && !isGone) return { kind: 'running', process: { name: spec.name, pid, spec, died, stop } };
    await Promise.race([delay(healthPauseMs), gone]);
  }
  if (isGone) return { kind: 'failed', death: await died };
  await stop();
  return { kind: 'failed', death: await describe(`was not healthy within ${spec.deadlineMs / 1_000} s`) };
}

/** Describes how a process ended, with the last lines of its log. */
export function describeDeath(death: ServiceDeath): string {
  const shown = death.lastLines === '' ? '' : `:\n${death.lastLines.replace(/^/gm, '  | ')}`;
  return `${death.name} ${death.reason}; its log is ${death.logFile}${shown}`;
}

/** Returns the message of an error, which is readable for every failure of the stack. */
export function describeError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Renames a log that has grown too long. Each start appends to the log, so it would grow without bound. */
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
