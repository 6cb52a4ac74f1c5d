import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BenchStack } from './bench-stack.ts';
import { type Figure, meetsBar } from './figure.ts';
import { describeMachine, type Machine } from './machine.ts';
import { describeFigures, describeSurroundings } from './table.ts';

/** Servers that figures are measured on. */
export type Servers = Pick<BenchStack, 'databaseOwnerUrl' | 'temporal' | 'stop'>;

export interface Run<S extends Servers> {
  readonly start: () => Promise<S>;
  readonly measure: (servers: S) => Promise<readonly Figure[]>;
  /** What the file of the result begins with. */
  readonly name: string;
  /** A file for the result besides the usual one. */
  readonly alsoTo: string | undefined;
  readonly log: (line: string) => void;
}

interface Result {
  readonly startedAt: string;
  readonly machine: Machine;
  readonly figures: readonly Figure[];
}

const resultsDir = join(import.meta.dirname, '..', '..', '.stack', 'bench');

/**
 * Starts the servers, measures, prints the figures and writes them as JSON; a signal stops it. Answers the exit code: 0
 * when everything ran, a missed bar included, which is for people to judge on their machine.
 */
export async function runOnServers<S extends Servers>(run: Run<S>): Promise<number> {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  run.log('starting the servers …');
  const servers = await run.start();
  try {
    const stopped = new Promise<'stopped'>((resolve) => {
      if (stop.signal.aborted) resolve('stopped');
      stop.signal.addEventListener('abort', () => resolve('stopped'));
    });
    const result = await Promise.race([stopped, measureAll(run, servers)]);
    if (result === 'stopped') return 130;
    console.log(`\n${describeSurroundings(result.machine)}\n\n${describeFigures(result.figures)}`);
    await writeResult(result, run);
    return 0;
  } catch (error) {
    run.log(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return 1;
  } finally {
    await servers.stop();
  }
}

async function measureAll<S extends Servers>(run: Run<S>, servers: S): Promise<Result> {
  const machine = await describeMachine(servers);
  const startedAt = new Date().toISOString();
  return { startedAt, machine, figures: await run.measure(servers) };
}

async function writeResult(
  result: Result,
  { name, alsoTo }: { readonly name: string; readonly alsoTo: string | undefined },
): Promise<void> {
  const text = `${JSON.stringify(
    {
      started_at: result.startedAt,
      machine: result.machine,
      figures: result.figures.map((each) => ({ ...each, met: meetsBar(each) ?? null })),
    },
    null,
    2,
  )}\n`;
  await mkdir(resultsDir, { recursive: true });
  const file = join(resultsDir, `${name}${result.startedAt.replace(/[:.]/g, '-')}.json`);
  await writeFile(file, text);
  if (alsoTo !== undefined) await writeFile(alsoTo, text);
  console.log(`\nwritten to ${alsoTo ?? file}`);
}
