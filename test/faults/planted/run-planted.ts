import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { plantedFaults } from './all-areas.ts';
import type { PlantedFault } from './planted-fault.ts';
import { copyProject, type ProjectCopy } from './project-copy.ts';
import { runTestFiles, type TestsEnded } from './run-test-files.ts';
import { startStandingServices } from './standing-services.ts';

const root = join(import.meta.dirname, '..', '..', '..');
/** The least share of the faults that must be noticed. */
const leastNoticed = 0.95;
const usage = 'npm run test:faults -- --planted [--list] [--matching=PATTERN] [area …]';

const say = (line: string) => void writeSync(1, `${line}\n`);

/**
 * Plants each fault in a copy of the project and runs the tests that must notice it. Prints a line for each fault and the sum.
 * Resolves with the exit code: 1 when fewer than 95 % are noticed. The faults of an area whose tests fail without any fault count
 * as unnoticed.
 *
 * Alternative that lost: a tool that makes the mutants itself. It changes operators and literals by the thousand, each of which
 * needs Postgres, Temporal and OpenBao, and finds none of the faults that matter here: a lock that is missing, a condition of a
 * statement, a table without a row.
 */
export async function runPlanted({
  args,
  env,
}: {
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}): Promise<number> {
  const areas = args.filter((arg) => !arg.startsWith('--'));
  const unknown = [
    ...areas.filter((area) => !plantedFaults.has(area)),
    ...args.filter((arg) => arg.startsWith('--') && !/^--(planted|list|matching=.*)$/.test(arg)),
  ];
  if (unknown.length > 0) {
    say(`not known: ${unknown.join(', ')}. ${usage}. Areas: ${[...plantedFaults.keys()].join(', ')}`);
    return 2;
  }
  const pattern = new RegExp(
    args.find((arg) => arg.startsWith('--matching='))?.slice('--matching='.length) ?? '',
  );
  const chosen = [...plantedFaults]
    .filter(([area]) => areas.length === 0 || areas.includes(area))
    .map(([area, list]) => [area, list.filter(({ why }) => pattern.test(why))] as const)
    .filter(([, list]) => list.length > 0);
  const faults = chosen.flatMap(([area, list]) => list.map((fault) => ({ area, fault })));
  if (args.includes('--list')) {
    for (const { area, fault } of faults) say(`${lineOf(area, fault)} (${fault.file})`);
    say(`${faults.length} faults`);
    return 0;
  }

  const [services, copy] = await Promise.all([startStandingServices(root, env), copyProject(root)]);
  const endNow = () => {
    void Promise.allSettled([services.stop(), copy.remove()]).then(() => process.exit(130));
  };
  process.once('SIGINT', endNow);
  process.once('SIGTERM', endNow);
  try {
    let noticed = 0;
    for (const [area, list] of chosen) {
      const before = await runWithoutFault(copy, list, services.env);
      if (before.kind !== 'passed') {
        say(`${area}: its tests fail without a fault${remarkOn(before)}`);
        continue;
      }
      for (const fault of list) {
        const ended = await tryFault(copy, fault, services.env);
        if (ended.kind === 'failed') noticed += 1;
        say(`${verdictOn(ended)} ${lineOf(area, fault)}${remarkOn(ended)}`);
      }
    }
    const share = noticed / faults.length;
    say(`${noticed} of ${faults.length} planted faults noticed (${(100 * share).toFixed(1)} %)`);
    return share >= leastNoticed ? 0 : 1;
  } finally {
    await services.stop();
    await copy.remove();
  }
}

/** Runs the tests of an area as the code is: what is red then says nothing of a fault. Once more, because machines have bad moments. */
async function runWithoutFault(
  copy: ProjectCopy,
  faults: readonly PlantedFault[],
  env: NodeJS.ProcessEnv,
): Promise<TestsEnded> {
  const tests = [...new Set(faults.flatMap((fault) => fault.tests))];
  const first = await runTestFiles(copy.dir, tests, { env, stopAtFirst: false });
  return first.kind === 'passed' ? first : runTestFiles(copy.dir, tests, { env, stopAtFirst: false });
}

async function tryFault(copy: ProjectCopy, fault: PlantedFault, env: NodeJS.ProcessEnv): Promise<TestsEnded> {
  const takeOut = await copy.plant(fault);
  try {
    return await runTestFiles(copy.dir, fault.tests, { env });
  } finally {
    await takeOut();
  }
}

function lineOf(area: string, { why }: PlantedFault): string {
  return `${area}: ${why}`;
}

function verdictOn({ kind }: TestsEnded): string {
  switch (kind) {
    case 'failed':
      return 'noticed  ';
    case 'passed':
      return 'UNNOTICED';
    case 'broken':
      return 'BROKEN   ';
    default:
      return kind satisfies never;
  }
}

function remarkOn(ended: TestsEnded): string {
  switch (ended.kind) {
    case 'failed':
      return `\n            by: ${ended.test}`;
    case 'passed':
      return '';
    case 'broken':
      return `\n${ended.output}`;
    default:
      return ended satisfies never;
  }
}
